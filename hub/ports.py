"""What several rooms of the hub ask of others. `hub/wiring.py` decides who answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from voiceassist.contract.canonical import Json

Clock: TypeAlias = Callable[[], int]  # Unix time in milliseconds


class Recorder(Protocol):
    """The audit trail."""

    def record(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> None:
        """Append an entry; durable on return."""
