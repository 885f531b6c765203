"""The demonstration's cloud provider: what reaches it is written down, every byte of it.

An OpenAI-compatible server on loopback that answers with the local model, or, with
`--forward`, passes each request on to a real provider. Law: a request is in the log, flushed,
before anything is done about it, so the log is what reached the provider. Where a request
stands in the log and no answer follows, the process was stopped while answering.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voiceassist.console import run_command
from voiceassist.engines.ports import Generator, Prompt
from voiceassist.errors import Unavailable
from voiceassist.knowledge.answers.prompting import compose_prompt

KEY_VARIABLE = "VOICEASSIST_DEMO_KEY"  # what the hub must present
PROVIDER_KEY_VARIABLE = "VOICEASSIST_DEMO_PROVIDER_KEY"  # what a real provider wants
_MOST_TOKENS = 96
_FORWARD_TIMEOUT_S = 20.0
_LOOK_S = 0.2  # how often it looks whether the asker is still there


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers a request's body, on a worker thread; `stop` ends it where nobody waits any more."""

    answer: Callable[[bytes], Response]
    stop: Callable[[], None] = lambda: None


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    role: str
    content: str = Field(repr=False)


class _Chat(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: tuple[_Message, ...] = Field(min_length=1)
    max_tokens: int = Field(default=_MOST_TOKENS, ge=1)

    def prompt(self) -> Prompt:
        """The system messages, and the rest as one turn of the user."""
        system = "\n".join(one.content for one in self.messages if one.role == "system")
        user = "\n".join(one.content for one in self.messages if one.role != "system")
        return Prompt(system=system, user=user, max_tokens=min(self.max_tokens, _MOST_TOKENS))


class RequestLog:
    """One JSON line for each request that came in, whatever it asked."""

    def __init__(self, path: Path, now: Callable[[], dt.datetime]) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        path.touch(mode=0o600)

    def write(self, method: str, target: str, body: bytes) -> None:
        """Append and flush; `body` as text, undecodable bytes escaped."""
        row = {
            "at": self._now().isoformat(timespec="milliseconds"),
            "method": method,
            "target": target,
            "body": body.decode("utf-8", errors="backslashreplace"),
        }
        with self._lock, self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def local_answer(generator: Generator) -> Answers:
    """Answers with a model of this machine, one request at a time."""
    one_at_a_time = threading.Lock()

    def answer(body: bytes) -> Response:
        try:
            chat = _Chat.model_validate_json(body)
        except ValidationError:
            return _error(400, "the body is no chat completion request")
        try:
            with one_at_a_time:
                text = "".join(generator.generate(chat.prompt()))
        except ValueError:
            return _error(400, "the messages are longer than the model's context")
        message = {"role": "assistant", "content": text.strip()}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return JSONResponse(
            {"object": "chat.completion", "model": generator.model, "choices": [choice]}
        )

    return Answers(answer, generator.stop)


def forwarded_answer(client: httpx.Client, url: str, key: str) -> Answers:
    """Passes each request on to the provider at `url` with its own key."""
    target = url.rstrip("/") + "/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def answer(body: bytes) -> Response:
        try:
            reply = client.post(target, content=body, headers=headers)
        except httpx.HTTPError as error:
            return _error(502, f"the provider can't be reached ({type(error).__name__})")
        return Response(reply.content, reply.status_code, media_type="application/json")

    return Answers(answer)


def make_app(answers: Answers, log: RequestLog, key: str) -> Starlette:
    """The server: every request is logged first, whatever its path, method or key."""

    async def door(request: Request) -> Response:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        log.write(request.method, target, await request.body())
        if request.headers.get("Authorization") != f"Bearer {key}":
            return _error(401, "not the demonstration's key")
        if (request.method, request.url.path) != ("POST", "/v1/chat/completions"):
            return _error(404, "there is POST /v1/chat/completions and nothing else")
        work = asyncio.ensure_future(run_in_threadpool(answers.answer, await request.body()))
        while not work.done():
            await asyncio.wait({work}, timeout=_LOOK_S)
            if await request.is_disconnected():
                answers.stop()
        return work.result()

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[Route("/health", health), Route("/{path:path}", door, methods=methods)]
    )


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message}}, status)


def _local_generator(profile: str) -> Generator:
    from voiceassist.engines.profile import load_profile  # noqa: PLC0415 - forwarding needs none
    from voiceassist.engines.registry import Engines  # noqa: PLC0415
    from voiceassist.engines.store import default_store  # noqa: PLC0415

    generator = Engines(load_profile(profile), default_store()).generator()
    if generator is None:
        raise Unavailable(
            f"the profile {profile!r} has no language model to stand in for the cloud; "
            "name a provider with --cloud-url and --cloud-key"
        )
    # the first request finds the instructions read already, as a provider's cache would have
    prompt = replace(compose_prompt("", ()), max_tokens=1)
    list(generator.generate(prompt))
    return generator


def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM; raises `Unavailable` where the model can't be had."""
    log = RequestLog(options.log, lambda: dt.datetime.now(dt.UTC))
    if options.forward:
        client = httpx.Client(timeout=_FORWARD_TIMEOUT_S)
        provider_key = os.environ.get(PROVIDER_KEY_VARIABLE, "")
        answers, close = forwarded_answer(client, options.forward, provider_key), client.close
    else:
        generator = _local_generator(options.profile)
        answers, close = local_answer(generator), generator.close
    app = make_app(answers, log, os.environ.get(KEY_VARIABLE, ""))
    try:
        uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)
    finally:
        close()


def main() -> None:
    """`python -m demo.cloud`; its keys come by the environment, where `ps` doesn't show them."""
    words = argparse.ArgumentParser(prog="demo.cloud", description=main.__doc__)
    words.add_argument("--port", type=int, required=True)
    words.add_argument("--log", type=Path, required=True, help="JSON lines of what came in")
    words.add_argument("--profile", default="generic-x86", help="the board whose model answers")
    words.add_argument("--forward", default="", metavar="URL", help="a real provider instead")
    options = words.parse_args()
    sys.exit(run_command(lambda: serve(options)))


if __name__ == "__main__":
    main()
