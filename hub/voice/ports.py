"""What the voice socket asks of the rest of the hub. All but `Sessions` may take a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from hub.http import Person
from hub.voice.schemas import Event
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, VoiceActivity


class Sessions(Protocol):
    """Who is signed in. Raises `Unauthorized`."""

    def by_token(self, token: str) -> Person:
        """Whose access token it is."""

    def by_page(self, cookie: str) -> Person:
        """Whose page's session it is."""


class Assistant(Protocol):
    """Answers by the laws of a room."""

    def ask(self, person: Person, heard: Transcript, conversation: str) -> Iterator[Event]:
        """The events of an answer as they come, `Done` the last; raises `VoiceAssistError`.

        "" begins a conversation.
        """


class Speech(Protocol):
    """The recogniser, the voice, and who tells speech from silence. Thread-safe.

    Raises `Unavailable` where their weights are not on this machine.
    """

    @property
    def busy(self) -> bool:
        """Whether the recogniser is at work."""

    def hear(self, samples: Samples) -> Transcript:
        """What was said."""

    def say(self, text: str) -> tuple[Samples, int]:
        """Speech, and its rate in Hz."""

    def activity(self) -> VoiceActivity:
        """One for a connection of its own."""


class Opened(Protocol):
    """Whether the site lets browsers talk, and the trail that has who did."""

    def allowed(self) -> bool:
        """Whether an administrator has left it on."""

    def record(self, person: Person, outcome: str) -> None:
        """Note that a person's microphone was opened, or refused; durable on return."""
