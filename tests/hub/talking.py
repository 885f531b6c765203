"""Fakes of what the voice room asks of the hub, an application around them, and its callers."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession

from hub.errors import Unauthorized
from hub.http import Person, Role
from hub.indexing import engines_of
from hub.voice import api
from hub.voice.ports import Speech
from hub.voice.schemas import Done, Event, Judged, Limits, Sentence
from hub.voice.service import VoiceService
from hub.voice.speech import EngineSpeech
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples
from voiceassist.engines.store import default_store
from voiceassist.errors import Unavailable

PATH = "/api/v1/voice"
TURNS = Path(__file__).parents[2] / "demo" / "turns"
COOKIE = "__Host-voiceassist"
SITE = "http://testserver"
SENTENCES = (
    Sentence("From the gout guideline.", "lead", "Gout", "Treatment"),
    Sentence("Give naproxen 500 mg.", "quote", "Gout", "Treatment"),
)
LOUD, QUIET = 8000, 0


def person(name: str = "dana", role: Role = Role.CLINICIAN, expires_s: int = 0) -> Person:
    return Person(name, f"{name}@clinic.example", name, role, "session", expires_s)


def pcm(seconds: float, level: int = LOUD) -> bytes:
    return np.full(int(seconds * 16_000), level, dtype="<i2").tobytes()


class Refused(Unauthorized):
    def __init__(self, code: str) -> None:
        super().__init__("sign in again")
        self.code = code


@dataclass
class FakeAssistant:
    """Answers with the same sentences; where `steps` is set, one for each of its releases."""

    steps: threading.Semaphore | None = None
    error: Exception | None = None
    asked: list[tuple[str, Transcript, str]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    sentences: Sequence[Sentence] = SENTENCES

    def ask(self, person: Person, transcript: Transcript, conversation: str) -> Iterator[Event]:
        self.asked.append((person.id, transcript, conversation))
        try:
            yield Judged(self.held, ("items",) if self.held else ())
            if self.error is not None:
                raise self.error
            for one in self.sentences:
                if self.steps is not None:
                    self.steps.acquire()
                yield one
            yield Done("m-1", conversation or "c-1", "library")
        finally:
            self.closed.set()


@dataclass
class FakeSessions:
    """Tokens and cookies by their text; what is an error is raised."""

    known: dict[str, Person | Exception] = field(
        default_factory=lambda: {"good": person(), "page": person()}
    )

    def who(self, token: str) -> Person:
        found = self.known.get(token, Unauthorized("this token is not known; sign in"))
        if isinstance(found, Exception):
            raise found
        return found

    who_page = who


@dataclass
class FakeEar:
    """Hears the same whatever is said."""

    text: str = "what is the dose"
    confidence: float = 0.9
    lengths: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    problem: str = ""
    niceness: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def transcribe(self, samples: Samples) -> Transcript:
        self.lengths.append(len(samples))
        self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        assert self.gate.wait(20)
        if self.problem:
            raise Unavailable(self.problem)
        return Transcript(self.text, self.confidence)


@dataclass
class FakeVoice:
    """Every sentence takes `seconds`."""

    seconds: float = 0.02
    rate: int = 16_000
    problem: str = ""

    def speak(self, text: str) -> Iterator[Samples]:
        if self.problem:
            raise Unavailable(self.problem)
        for _ in range(2):
            yield np.full(int(self.seconds * self.rate / 2), 5, dtype=np.int16)


class FakeActivity:
    """What is loud is speech."""

    window = 512

    def probability(self, samples: Samples) -> float:
        return 1.0 if abs(samples).mean() > 1000 else 0.0


def no_activity() -> FakeActivity:
    raise Unavailable("silero-vad is not on this machine; run: voiceassist models pull")


@dataclass
class House:
    """All of it, and the application."""

    assistant: FakeAssistant = field(default_factory=FakeAssistant)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    ear: FakeEar = field(default_factory=FakeEar)
    voice: FakeVoice = field(default_factory=FakeVoice)
    activity: Any = FakeActivity
    now_s: float = 1000.0
    admitted: list[str] = field(default_factory=list)
    shut: Exception | None = None

    def admit(self, person: Person) -> None:
        if self.shut is not None:
            raise self.shut
        self.admitted.append(person.id)

    def app(self, **limits: Any) -> FastAPI:
        usual = {"check_s": 0.05, "lead_s": 0.5, "partial_s": 1.0, "patience_s": 5.0}
        self.service = VoiceService(
            self.assistant,
            self.sessions,
            Speech(self.ear, self.voice, self.activity),
            cookie=COOKIE,
            now_s=lambda: self.now_s,
            limits=Limits(**(usual | limits)),
            admit=self.admit,
        )
        app = FastAPI()
        app.state.services = {VoiceService: self.service}
        app.include_router(api.router, prefix="/api/v1")
        return app


@contextmanager
def client(house: House, **limits: Any) -> Iterator[TestClient]:
    before = set(threading.enumerate())
    with TestClient(house.app(**limits), base_url=SITE) as made:
        yield made
    house.service.close()
    assert house.service.connections == 0
    left = [
        one for one in threading.enumerate() if one.name.startswith("voice") and one not in before
    ]
    for one in left:
        one.join(5)
    assert not any(one.is_alive() for one in left)


@contextmanager
def talking(
    house: House, *, limits: dict[str, Any] | None = None, **start: Any
) -> Iterator[WebSocketTestSession]:
    with client(house, **(limits or {})) as made, made.websocket_connect(PATH) as socket:
        begin(socket, **start)
        yield socket


def begin(socket: WebSocketTestSession, **start: Any) -> dict[str, Any]:
    socket.send_json({"type": "start", "token": "good", **start})
    ready = socket.receive_json()
    assert ready["type"] == "ready", ready
    return dict(ready)


def told(socket: WebSocketTestSession, last: str) -> list[dict[str, Any]]:
    """All messages up to the first of kind `last`; frames of sound are counted in `speech`."""
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != last:
        message = socket.receive()
        if message["type"] == "websocket.close":
            raise AssertionError(f"closed after {messages}")
        if message.get("text") is None:
            spoken = [one for one in messages if one["type"] == "speech"][-1:]
            for one in spoken:  # else it was announced before these messages
                one["bytes"] = one.get("bytes", 0) + len(message["bytes"])
        else:
            messages.append(json.loads(message["text"]))
    return messages


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [one["type"] for one in messages]


def failed(socket: WebSocketTestSession, code: str) -> dict[str, Any]:
    """The next error, with the fields of the envelope's."""
    error = told(socket, "error")[-1]
    assert set(error) == {"type", "code", "message", "details", "field"}
    assert error["code"] == code, error
    return error


def closed(socket: WebSocketTestSession) -> int:
    while (message := socket.receive())["type"] != "websocket.close":
        pass
    return int(message["code"])


@contextmanager
def real_speech() -> Iterator[EngineSpeech]:
    """The engines of the smallest board; skips where their weights are not here."""
    engines = engines_of("generic-x86", None)
    profile = engines.profile
    needed = [profile.vad.model, profile.stt.model, profile.tts.model]
    absent = [name for name in needed if not default_store().holds(name)]
    if absent:
        pytest.skip(f"no weights here ({', '.join(absent)}); run `voiceassist models pull`")
    made = EngineSpeech(lambda: engines)
    yield made
    made.close()


def question() -> tuple[np.ndarray[Any, np.dtype[np.int16]], str]:
    """A recorded question without its wake word, and its words."""
    soundfile = pytest.importorskip("soundfile", reason="the hub alone does not need it")
    rows = [json.loads(line) for line in (TURNS / "manifest.jsonl").read_text().splitlines()]
    row = next(one for one in rows if one["file"] == "02-drug.flac")
    samples, rate = soundfile.read(TURNS / row["file"], dtype="int16")
    assert rate == 16_000
    return samples[int(row["wake_end_s"] * rate) :], row["text"]


def words(text: str) -> list[str]:
    return re.sub(r"[^a-z ]", " ", text.lower()).split()
