"""What the escalation room asks of the rest of the hub."""

from __future__ import annotations

from typing import Protocol

from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.verdict import Cleared, Verdict
from voiceassist.engines.ports import Prompt


class SecondJudge(Protocol):
    """The hub's own PHI verdict."""

    def judge(self, text: str) -> Verdict:
        """Cleared or Held; never raises, never hangs."""


class Cloud(Protocol):
    """A cloud model. Takes a `Cleared` so that nothing else can be passed."""

    model: str

    def complete(self, query: Cleared, prompt: Prompt) -> str:
        """The model's answer; raises `Unavailable`."""


class Evidence(Protocol):
    """The hub's own copy of the library."""

    def find(self, query: str, limit: int) -> list[Passage]:
        """The best passages, best first; empty where no edition is published."""


class Recorder(Protocol):
    """The audit trail."""

    def record(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> None:
        """Append an entry; durable on return."""

    def alarm(self, *, outcome: str, subject: str, detail: dict[str, Json]) -> None:
        """Append an entry that an administrator must see; durable on return."""
