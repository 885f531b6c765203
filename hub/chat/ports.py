"""What chat asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from voiceassist.contract.knowledge import Passage, Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Verdict


class Gate(Protocol):
    """The PHI gate, as a room has it."""

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        """Cleared or Held; never raises, never hangs."""


class Library(Protocol):
    """The published library."""

    def find(self, query: str, limit: int) -> list[Passage]:
        """The best passages, best first; raises `Unavailable` where it can't be searched."""


class Outside(Protocol):
    """The door to the cloud, which judges again. Takes a `Cleared`, so that nothing else passes."""

    def open(self) -> bool:
        """Whether a cloud model is configured, and the site lets typed questions ask it."""

    def ask(self, actor: str, turn: str, query: Cleared) -> Sequence[Sentence]:
        """Sentences that stood the check, none where it refused; raises `Unavailable`."""
