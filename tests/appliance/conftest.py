"""A room of fakes: each implements its stage's protocol, and what happened stands in one list."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from appliance.adapters.doubts import Doubts
from appliance.adapters.mind import Mind, NoHub
from appliance.adapters.offering import NoOffers, Offers
from appliance.adapters.shelf import Shelf
from appliance.bench.pulse import Pulse, available
from appliance.rules.commands import Command
from appliance.rules.route import Policy
from appliance.rules.soundalike import Rivals, Weighed
from appliance.stages import (
    Frame,
    Frames,
    GateStage,
    HubLink,
    OfferStage,
    Played,
    Stages,
    Utterance,
)
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage, Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Item, Verdict
from voiceassist.contract.wire import EscalationReply
from voiceassist.engines.ports import Generator, Samples, Speed, WakeHit
from voiceassist.errors import StoreFull, VoiceAssistError
from voiceassist.knowledge.answers.cache import AnswerCache
from voiceassist.phi import gate as phi_gate

TEXT = (
    "Give epinephrine 0.5 mg into the outer thigh at once. Repeat the dose every 5 minutes if "
    "there is no improvement. Do not give antihistamines instead of epinephrine."
)
ELSEWHERE = "Observe the patient for 6 hours after the symptoms have gone."
PASSAGE = Passage(
    id=1, document="anaphylaxis", version=2, title="Anaphylaxis", place="Treatment", text=TEXT,
    start=0, end=len(TEXT), score=0.03, strength=0.9,
)  # fmt: skip
TODAY = date(2026, 3, 1)
QUESTION = "how much epinephrine do i give in anaphylaxis"


class VirtualClock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class FakeFrames:
    """A stream of silence; its sample 0 was heard at second 0 of the clock's start."""

    def __init__(self, clock: VirtualClock) -> None:
        self._start = clock.now

    async def read(self) -> Frame | None:
        return None

    def since(self, sample: int) -> Sequence[Frame]:
        return ()

    def moment(self, sample: int) -> float:
        return self._start + sample / 16_000


@dataclass
class FakeEdition:
    version: int = 3
    state_root: str = "root"
    drug_names: tuple[str, ...] = ("epinephrine",)
    passages: tuple[Passage, ...] = (PASSAGE,)
    texts: dict[str, str] = field(default_factory=lambda: {"anaphylaxis": TEXT, "watch": ELSEWHERE})

    def find(self, query: str, limit: int = 5) -> list[Passage]:
        return list(self.passages)[:limit]

    def document_text(self, document: str) -> str | None:
        return self.texts.get(document)

    def close(self) -> None:
        pass


class FakeGate:
    """Holds what names John; clears the rest, as the gate itself would."""

    def __init__(self, events: list[str]) -> None:
        self._events = events

    async def judge(self, transcript: Transcript) -> Verdict:
        self._events.append("judged")
        text = transcript.text
        if not text:
            return Held(text, reasons=("empty",))
        at = text.find("john")
        if at >= 0:
            return Held(text, (Item("NAME", at, at + 4, 0.9, "fake"),), ("items",))
        return Cleared(text, phi_gate._SEAL)

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        return await self.judge(transcript)


class FakeJournal:
    def __init__(self, events: list[str]) -> None:
        self._events = events
        self.entries: list[tuple[str, str, dict[str, Json]]] = []
        self.full_for: set[str] = set()

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        if action in self.full_for:
            raise StoreFull("the disk is full; free some space")
        self._events.append(action)
        self.entries.append((action, outcome, detail))


class FakeHub:
    """Answers what it was given; keeps what it was asked."""

    def __init__(self, events: list[str]) -> None:
        self._events = events
        self.asked: list[str] = []
        self.reply: Callable[[str], EscalationReply | None] = lambda _turn: None
        self.error: Exception | None = None

    async def escalate(self, query: Cleared, turn_id: str) -> EscalationReply | None:
        self._events.append("escalated")
        self.asked.append(query.text)
        if self.error:
            raise self.error
        return self.reply(turn_id)


class FakeVoice:
    sample_rate = 16_000

    def __init__(self, events: list[str]) -> None:
        self._events = events
        self.said: list[str] = []
        self.adjusted: list[Command] = []

    async def speak(self, sentences: AsyncIterator[Sentence]) -> AsyncGenerator[Samples, None]:
        async for sentence in sentences:
            self._events.append("spoke")
            self.said.append(sentence.text)
            yield np.ones(160, dtype=np.int16)

    def adjust(self, command: Command) -> None:
        self.adjusted.append(command)

    def sentences_in(self, samples: int) -> int:
        return samples // 160


class FakeSpeaker:
    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        first, count = None, 0
        async for chunk in speech:
            if first is None:
                self._clock.pass_(0.25)
                first = self._clock()
            count += len(chunk)
        return Played(first, count)


@dataclass
class FakeHearing:
    """Wake, segmenter and ear in one: hears `text` 600 ms after speech ended at sample 32,000."""

    clock: VirtualClock
    text: str
    woken: bool = True
    confidence: float = 0.9
    rivals: tuple[Rivals, ...] = ()
    broken: VoiceAssistError | None = None

    async def wait(self, frames: Frames) -> WakeHit | None:
        return WakeHit(16_000, 0.99) if self.woken else None

    async def collect(self, frames: Frames, wake: WakeHit) -> Utterance:
        self.clock.pass_(2.6)
        return Utterance(np.zeros(16_000, np.int16), 16_000, 32_000, frames.moment(32_000))

    async def transcribe(self, utterance: Utterance) -> Transcript:
        self.clock.pass_(0.3)
        if self.broken:
            raise self.broken
        if self.rivals:
            return Weighed(self.text, self.confidence, rivals=self.rivals)
        return Transcript(self.text, confidence=self.confidence)


@dataclass
class FakeRoom:
    """A room, and what happened in it."""

    clock: VirtualClock
    events: list[str]
    hearing: FakeHearing
    shelf: Shelf
    journal: FakeJournal
    hub: FakeHub
    voice: FakeVoice
    box: Stages

    @property
    def frames(self) -> FakeFrames:
        return FakeFrames(self.clock)


def make_room(
    text: str = QUESTION,
    *,
    policy: Policy = "cleared",
    edition: FakeEdition | None = None,
    hub: bool = True,
    generator: Generator | None = None,
    gate: GateStage | None = None,
    generalise: bool = False,
    cache: AnswerCache | None = None,
) -> FakeRoom:
    clock, events = VirtualClock(), list[str]()
    hearing, shelf = FakeHearing(clock, text), Shelf(edition or FakeEdition())
    journal, asked, voice = FakeJournal(events), FakeHub(events), FakeVoice(events)
    link: HubLink = asked if hub else NoHub()
    mind = Mind(shelf, link, generator, cache)
    mind.expect(Speed(prompt=10_000, generation=10_000))
    judge = gate or FakeGate(events)
    offers: OfferStage = NoOffers()
    if generalise or policy == "ask":
        offers = Offers(judge if generalise else None, clock, lambda: TODAY)
    box = Stages(
        wake=hearing, segmenter=hearing, ear=hearing, gate=judge, doubts=Doubts(clock),
        offers=offers, library=shelf, mind=mind, journal=journal, voice=voice,
        speaker=FakeSpeaker(clock), policy=policy, clock=clock,
    )  # fmt: skip
    return FakeRoom(clock, events, hearing, shelf, journal, asked, voice, box)


@pytest.fixture(name="make_room")
def _make_room() -> Callable[..., FakeRoom]:
    return make_room


def helper(name: str) -> ModuleType:
    """A module beside the tests, which are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A sound server of the test's own, which is the sound card of this process."""
    if not available():
        pytest.skip("PulseAudio is not installed")
    server = Pulse(tmp_path)
    monkeypatch.setenv("PULSE_SERVER", server.server)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield server
    server.stop()
