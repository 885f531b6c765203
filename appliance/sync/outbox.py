"""What the exchange with the hub asks of the room's journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from voiceassist.contract.ledger import Ack
from voiceassist.contract.signing import Envelope, KeyRing
from voiceassist.contract.wire import BATCH_ENTRIES, JournalBatch


class Outbox(Protocol):
    """Entries that the hub is owed. Thread-safe."""

    def acked(self) -> int:
        """The number of the last entry that the hub has made durable."""

    def owed(self) -> int:
        """How many entries the hub has not acknowledged."""

    def batch(self, after: int | None = None, limit: int = BATCH_ENTRIES) -> JournalBatch | None:
        """Up to `limit` entries after number `after`, or after the last acknowledged, or None."""

    def acknowledge(self, envelope: Envelope, trusted: KeyRing) -> Ack:
        """Take the hub's signed word; raises `Unverified` and changes nothing.

        `Late` is one that it has gone past, `Inconsistent` one that contradicts an earlier one.
        """

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each append; it must not block."""
