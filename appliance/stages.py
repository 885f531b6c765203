"""What the turn asks of its stages, whatever does the work.

Audio is mono at 16 kHz. Places in it are counts of samples from the stream's beginning; moments
are seconds by the clock that the turn was given.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from appliance.rules.commands import Command
from appliance.rules.doubt import Doubt, Settled
from appliance.rules.offer import Offer
from appliance.rules.route import Policy, Route
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Verdict
from voiceassist.contract.wire import EscalationReply
from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.knowledge.answers.answer import Answer


@dataclass(frozen=True, slots=True)
class Frame:
    """Samples from place `start` on, and the probability, 0 to 1, that they hold speech."""

    start: int
    samples: Samples = field(repr=False)
    speech: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said after the wake word: `samples` from place `start` on.

    Speech ended at place `speech_end`, which was at `ended_at`. Without speech there are no
    samples.
    """

    samples: Samples = field(repr=False)
    start: int
    speech_end: int
    ended_at: float


@dataclass(frozen=True, slots=True)
class Played:
    """When the first sample reached the speaker (None: there was none), and how many did.

    `whole` is false where playing was stopped before its end.
    """

    first_at: float | None
    samples: int
    whole: bool = True


class Frames(Protocol):
    """The microphone's stream, which never stops by itself."""

    async def read(self) -> Frame | None:
        """The next frame; None once a recording has ended."""

    def since(self, sample: int) -> Sequence[Frame]:
        """The frames read that reach beyond `sample`, as far back as they are kept."""

    def moment(self, sample: int) -> float:
        """When `sample` was heard."""


class Link(Protocol):
    """The link to the hub."""

    @property
    def up(self) -> bool:
        """Whether the hub can be asked."""


class WakeStage(Protocol):
    """Waits for the wake word."""

    async def wait(self, frames: Frames) -> WakeHit | None:
        """Where it was heard; None once the audio has ended without it."""


class SegmenterStage(Protocol):
    """Finds where speech begins and ends."""

    async def collect(self, frames: Frames, wake: WakeHit) -> Utterance:
        """What is said after `wake`."""


class EarStage(Protocol):
    """Recognises what was said."""

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """The words, without the wake word."""


class GateStage(Protocol):
    """Judges what may leave the room."""

    async def judge(self, transcript: Transcript) -> Verdict:
        """`Cleared` or `Held`; doubt, error and time-out hold."""

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        """The verdict on these words alone, as though nothing was said before or will be after."""


class OfferStage(Protocol):
    """What is offered in one turn and answered in the next: see `rules/offer.py`."""

    def begin(self) -> None:
        """A turn begins: what was offered in the one before stands for this one alone."""

    def reply(self, transcript: Transcript, *, up: bool) -> Route | None:
        """The route of a reply to what stands; None where this is a turn like any other."""

    async def make(self, transcript: Transcript, verdict: Verdict, *, up: bool) -> Offer | None:
        """What can be offered for a held question; never raises for want of one."""

    def keep(self, offer: Offer, *, heard: bool) -> None:
        """Wait for the next turn; `heard` tells whether the reading back came to its end."""


class DoubtStage(Protocol):
    """What is asked back about a name in one turn and told in the next: see `rules/doubt.py`."""

    def begin(self) -> None:
        """A turn begins: what was asked in the one before stands for this one alone."""

    def settle(self, transcript: Transcript) -> Settled:
        """What the turn is about: these words, or the question that they reply to."""

    def keep(self, doubt: Doubt, *, heard: bool) -> None:
        """Wait for the next turn; `heard` tells whether it was asked to its end."""


class LibraryStage(Protocol):
    """The room's own library."""

    async def find(self, query: str) -> Sequence[Passage]:
        """The passages that answer best, the best first; none for an empty query."""

    def holds(self, source: Source) -> bool:
        """Whether the library has exactly these words in this version at this place."""


class MindStage(Protocol):
    """Answers from evidence."""

    def answer(self, route: Route, passages: Sequence[Passage]) -> Answer:
        """The library's own words, or one of the room's fixed phrases."""

    async def compose(self, route: Route, answer: Answer, turn_id: str) -> Sequence[Sentence]:
        """What a model adds to `answer`, each sentence checked; never raises for want of one."""


class HubLink(Protocol):
    """The door to the hub."""

    async def escalate(self, query: Cleared, turn_id: str) -> EscalationReply | None:
        """The hub's checked sentences, or None where it can't help."""


class JournalStage(Protocol):
    """The room's durable record."""

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        """Durable on return; raises `VoiceAssistError` where it can't be."""


class VoiceStage(Protocol):
    """Speaks."""

    sample_rate: int

    def speak(self, sentences: AsyncIterator[Sentence]) -> AsyncGenerator[Samples, None]:
        """Speech at `sample_rate` Hz; a sentence is made while the one before is played."""

    def adjust(self, command: Command) -> None:
        """Speak louder, slower and so on from now on, where `command` says so."""

    def sentences_in(self, samples: int) -> int:
        """How many sentences of the last speech its first `samples` hold to their end."""


class SpeakerStage(Protocol):
    """Plays."""

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Play to the end, or until stopped."""


class Interruptible(SpeakerStage, Protocol):
    """A speaker that can be talked over; each of these may be called at any time."""

    def pause(self) -> None:
        """Be silent, at once, in the middle of whatever is played."""

    def resume(self) -> None:
        """Go on where it was paused."""

    def stop(self) -> None:
        """End what is played, which returns with what was heard of it; ends a pause, too."""


@dataclass(frozen=True, slots=True)
class Stages:
    """One room's stages, its policy and its clock."""

    wake: WakeStage
    segmenter: SegmenterStage
    ear: EarStage
    gate: GateStage
    doubts: DoubtStage
    offers: OfferStage
    library: LibraryStage
    mind: MindStage
    journal: JournalStage
    voice: VoiceStage
    speaker: SpeakerStage
    policy: Policy
    clock: Callable[[], float]
