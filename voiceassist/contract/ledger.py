"""The audit trail's rules: entries, their chain, checkpoints and acknowledgements.

Law: an entry is hashed as the bytes that are stored and sent, never re-serialised. Entry n
carries the hash of entry n-1, so a checkpoint signed over the head vouches for all before.
Entries hold verdicts, sources, durations and ids; never words or audio (law 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict

from voiceassist.contract.canonical import Json, canonical, parse
from voiceassist.errors import Unverified

ENTRY_VERSION = 1
GENESIS = "0" * 64
CHECKPOINT_TYPE = "application/vnd.voiceassist.checkpoint.v1+json"
ACK_TYPE = "application/vnd.voiceassist.journal-ack.v1+json"


class Entry(BaseModel):
    """One thing that happened.

    `epoch` counts the box's journals (a new disk begins a new one), `seq` its entries from
    1; `wall_ms` is Unix time and `mono_ms` the machine's monotonic clock, both milliseconds,
    the latter meaningful within one `boot` id; `previous` is the hash of the entry before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: int = ENTRY_VERSION
    box: str
    epoch: str
    seq: int
    previous: str
    wall_ms: int
    mono_ms: int
    boot: str
    actor: str
    action: str
    outcome: str
    subject: str
    detail: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as stored: its canonical bytes and their hash."""

    data: bytes
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Seal `entry` in its canonical bytes."""
        return cls.from_bytes(canonical(entry.model_dump(mode="json")))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Seal bytes as they were stored."""
        return cls(data, entry_hash(data))

    def entry(self) -> Entry:
        """Read the entry; raises `Unverified` when the bytes are no canonical entry."""
        try:
            return Entry.model_validate(parse(self.data))
        except ValueError as error:
            msg = "an audit entry is not in its canonical form; the journal was altered"
            raise Unverified(msg) from error


def entry_hash(data: bytes) -> str:
    """SHA-256 over a domain prefix and the entry's bytes."""
    return hashlib.sha256(b"voiceassist-entry-v1\0" + data).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: the number and hash of its last entry (0 and GENESIS: empty)."""

    box: str
    epoch: str
    seq: int
    hash: str


def extend(head: Head, batch: Iterable[bytes]) -> tuple[Head, Sequence[Sealed]]:
    """Check that `batch` continues `head` and return the new head with the entries.

    Raises `Unverified` naming the first entry that is not of this box and epoch, skips or
    repeats a number, does not carry the hash before it, or goes back on a monotonic clock.
    """
    sealed = []
    clock: tuple[str, int] | None = None
    for data in batch:
        one = Sealed.from_bytes(data)
        entry = one.entry()
        here = f"audit entry {entry.seq} of {entry.box}"
        if (entry.box, entry.epoch) != (head.box, head.epoch):
            msg = f"{here} belongs to another journal than {head.box}/{head.epoch}"
            raise Unverified(msg)
        if entry.seq != head.seq + 1:
            msg = f"{here} follows {head.seq}: entries are missing or out of order"
            raise Unverified(msg)
        if entry.previous != head.hash:
            msg = f"{here} does not continue the chain: an entry before it was altered"
            raise Unverified(msg)
        if clock is not None and clock[0] == entry.boot and entry.mono_ms < clock[1]:
            msg = f"{here} is earlier than the one before it by the monotonic clock"
            raise Unverified(msg)
        clock = (entry.boot, entry.mono_ms)
        head = Head(head.box, head.epoch, entry.seq, one.hash)
        sealed.append(one)
    return head, sealed


class Checkpoint(BaseModel):
    """A box's signed word on its head, as the payload of a `CHECKPOINT_TYPE` envelope."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: str
    epoch: str
    seq: int
    head: str
    wall_ms: int


class Ack(BaseModel):
    """The hub's signed word that it has made all up to `seq` durable (`ACK_TYPE`).

    `size` is the number of entries in the hub's whole log once these were in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: str
    epoch: str
    seq: int
    head: str
    size: int
