"""What the voice room asks of the rest of the hub. Everything here blocks: threads call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from hub.http import Person
from hub.voice.schemas import Event
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples


class Assistant(Protocol):
    """Judges, finds and answers."""

    def ask(self, person: Person, transcript: Transcript, conversation: str) -> Iterator[Event]:
        """One `Judged`, sentences as they come, one `Done`; raises `VoiceAssistError`.

        One thread makes and draws the iterator, and closes it early where the person interrupts.
        """


class Sessions(Protocol):
    """Who signed in."""

    def who(self, token: str) -> Person:
        """Whose access token it is; raises `Unauthorized`, with a code where it is known why."""

    def who_page(self, cookie: str) -> Person:
        """Whose page it is; raises `Unauthorized`."""


class Ear(Protocol):
    """Recognises speech, one utterance at a time."""

    def transcribe(self, samples: Samples) -> Transcript:
        """What was said at 16 kHz; raises `Unavailable`."""


class Voice(Protocol):
    """Speaks. Thread-safe."""

    @property
    def rate(self) -> int:
        """Samples a second of what `speak` gives."""

    def speak(self, text: str) -> Iterator[Samples]:
        """One sentence, in chunks; raises `Unavailable`."""


class Activity(Protocol):
    """Tells speech from silence; it has a memory, so each connection has its own."""

    window: int

    def probability(self, samples: Samples) -> float:
        """The probability that the next `window` samples hold speech."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What hears and speaks. `activity` makes a new one; raises `Unavailable`."""

    ear: Ear
    voice: Voice
    activity: Callable[[], Activity]
