"""People who use the hub at once: some search, some chat, some talk; and a plain reader."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import ssl
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import connect

from hub.bench.site import Site
from hub.voice.speech import EngineSpeech
from voiceassist.engines.ports import SAMPLE_RATE

_QUESTIONS = (
    "what is the dose of acetaminophen in adults",
    "how is anaphylaxis treated",
    "when to step up asthma treatment",
    "red flags in back pain",
    "clarithromycin and statins",
    "how to prepare for a colonoscopy",
    "treatment of deep vein thrombosis",
    "alcohol withdrawal what to give",
    "my patient John Smith has bell's palsy what to do",
    "who may be a chaperone",
)
_THINK_S = {"search": 2.0, "chat": 5.0, "voice": 20.0}
_PATIENCE_S = 120.0


class Figures:
    """Seconds by what was done, and what went wrong."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    async def timed(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do it once and note how long it took, or how it failed."""
        began = time.perf_counter()
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - each is counted and told
            self.errors.append(f"{what}: {type(error).__name__}: {error}"[:200])
        else:
            self.seconds[what].append(time.perf_counter() - began)


async def crowd(site: Site, seconds: float, question: bytes, figures: Figures) -> None:
    """All people at once for `seconds`: half search, four in ten chat, one in ten talks."""
    people = len(site.tokens)
    kinds = ["search"] * (people // 2) + ["chat"] * (people * 2 // 5)
    kinds += ["voice"] * (people - len(kinds))
    async with httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{site.hub}/api/v1", verify=site.tls(), timeout=_PATIENCE_S
    ) as client:
        works = {"search": _searcher, "chat": _chatter}
        async with asyncio.TaskGroup() as group:
            for number, (kind, token) in enumerate(zip(kinds, site.tokens, strict=True)):
                headers = {"Authorization": f"Bearer {token}"}
                if kind == "voice":
                    work: Any = _talker(site, token, question)
                else:
                    work = works[kind](client, headers, number)
                group.create_task(_use(kind, work, seconds, number, figures))


async def _use(
    kind: str, work: Callable[[], Awaitable[None]], seconds: float, number: int, figures: Figures
) -> None:
    rng = random.Random(number)  # noqa: S311 - the same pauses each time
    think_s = _THINK_S[kind]
    end = time.monotonic() + seconds
    await asyncio.sleep(rng.uniform(0, think_s))
    while time.monotonic() < end:
        await figures.timed(kind, work)
        await asyncio.sleep(rng.uniform(0.5, 1.5) * think_s)


def _searcher(
    client: httpx.AsyncClient, headers: dict[str, str], number: int
) -> Callable[[], Awaitable[None]]:
    questions = itertools.cycle(_QUESTIONS[number % len(_QUESTIONS) :] + _QUESTIONS)

    async def search() -> None:
        body = {"query": next(questions), "limit": 10}
        answer = await client.post("/search", json=body, headers=headers)
        answer.raise_for_status()

    return search


def _chatter(
    client: httpx.AsyncClient, headers: dict[str, str], number: int
) -> Callable[[], Awaitable[None]]:
    questions = itertools.cycle(_QUESTIONS[number % len(_QUESTIONS) :] + _QUESTIONS)
    conversation: list[str] = []

    async def chat() -> None:
        if not conversation:
            made = await client.post("/chat/conversations", headers=headers)
            conversation.append(made.raise_for_status().json()["data"]["id"])
        path = f"/chat/conversations/{conversation[0]}/messages"
        stream = headers | {"Accept": "text/event-stream"}
        body = {"text": next(questions)}
        answer = await client.post(path, json=body, headers=stream)
        if "event: done" not in answer.raise_for_status().text:
            raise RuntimeError(answer.text[-200:])

    return chat


def _talker(site: Site, token: str, question: bytes) -> Callable[[], Awaitable[None]]:
    async def talk() -> None:
        url = f"wss://127.0.0.1:{site.hub}/api/v1/voice"
        async with connect(url, ssl=site.tls(), max_size=1 << 20) as socket:
            await socket.send(json.dumps({"type": "start", "token": token}))
            for start in range(0, len(question), 3200):
                await socket.send(question[start : start + 3200])
                await asyncio.sleep(0.1)  # as a person speaks
            await socket.send(json.dumps({"type": "end"}))
            async with asyncio.timeout(_PATIENCE_S):
                while (told := await _next(socket)) != "done":
                    if told in {"error", "unheard"}:
                        raise RuntimeError(told)

    return talk


async def _next(socket: Any) -> str:
    message = await socket.recv()
    return str(json.loads(message)["type"]) if isinstance(message, str) else "audio"


def spoken(speech: EngineSpeech) -> bytes:
    """A question as a browser would send it."""
    question = "what is the usual dose of acetaminophen in adults"
    samples = np.concatenate(list(speech.voice.speak(question)))
    at = np.arange(0, len(samples), speech.voice.rate / SAMPLE_RATE)
    return bytes(np.interp(at, np.arange(len(samples)), samples).astype("<i2").tobytes())


async def rate(
    port: int, path: str, tls: ssl.SSLContext, token: str, seconds: float, lines: int = 16
) -> float:
    """Requests a second over `lines` connections that stay open; raises for any answer but 200."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    began = time.perf_counter()
    counts = await asyncio.gather(
        *(_read_on(port, tls, request, began + seconds) for _ in range(lines))
    )
    return sum(counts) / (time.perf_counter() - began)


async def _read_on(port: int, tls: ssl.SSLContext, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head[:200].decode(errors="replace"))
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count
