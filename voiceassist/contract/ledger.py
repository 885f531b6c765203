"""The audit trail's rules: entries, their chain, checkpoints and acknowledgements.

Law: an entry is hashed as the bytes that are stored and sent, never re-serialised. Entry n
carries the hash of entry n-1, so a checkpoint signed over the head vouches for all before.
Entries hold verdicts, sources, durations and ids; never words or audio (law 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.canonical import Json, canonical, parse
from voiceassist.contract.merkle import leaf_hash
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

ENTRY_BYTES = 64 << 10  # the longest entry that a journal takes
GENESIS = "0" * 64
TURN = "turn.answered"  # the action of the one entry that every turn has; its detail has "route"
CHECKPOINT_TYPE = "application/vnd.voiceassist.checkpoint.v1+json"
ACK_TYPE = "application/vnd.voiceassist.journal-ack.v1+json"

_Hash = Field(pattern=r"^[0-9a-f]{64}$")
_Id = Field(min_length=1, max_length=64)


class Clock(Protocol):
    """A machine's clocks, both in milliseconds."""

    def wall_ms(self) -> int:
        """Unix time; may jump."""

    def mono_ms(self) -> int:
        """Since some moment before the machine's start; never goes back within one boot."""

    def synced(self) -> bool:
        """Whether the kernel holds the wall clock to be set by a time server."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Entry(_Record):
    """One thing that happened.

    `epoch` names one of the box's journals (a new disk begins a new one), `seq` counts its
    entries from 1; `wall_ms` is Unix time (`synced`: as a time server says) and `mono_ms` the
    machine's monotonic clock, both milliseconds, the latter meaningful within one `boot` id;
    `previous` is the hash of the entry before.
    """

    v: Literal[1] = 1
    box: str = _Id
    epoch: str = _Id
    seq: int = Field(ge=1)
    previous: str = _Hash
    wall_ms: int
    synced: bool
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
        """Seal `entry` in its canonical bytes; raises `ValueError` where it has none."""
        return cls.from_bytes(canonical(entry.model_dump()))

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
    """The entry's hash as a leaf of the hub's log (`merkle.leaf_hash`), hexadecimal."""
    return leaf_hash(data).hex()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: the number and hash of its last entry (0 and GENESIS: empty).

    `boot` and `mono_ms` are that entry's, so that the next one can't go back on them.
    """

    box: str
    epoch: str
    seq: int = 0
    hash: str = GENESIS
    boot: str = ""
    mono_ms: int = 0


def follow(head: Head, sealed: Sealed) -> tuple[Head, Entry]:
    """Check that `sealed` is the entry after `head`; the new head and what was read.

    Raises `Unverified` naming the entry that is not of this box and epoch, skips or repeats
    a number, does not carry the hash before it, or goes back on a monotonic clock.
    """
    entry = sealed.entry()
    here = f"audit entry {entry.seq} of {entry.box}"
    if (entry.box, entry.epoch) != (head.box, head.epoch):
        msg = f"{here} belongs to another journal than {head.box}/{head.epoch}"
        raise Unverified(msg)
    if entry.seq != head.seq + 1:
        msg = f"{here} follows {head.seq}: entries are missing or out of order"
        raise Unverified(msg)
    if entry.previous != head.hash:
        msg = f"{here} does not continue the chain: it or an entry before it was altered"
        raise Unverified(msg)
    if entry.boot == head.boot and entry.mono_ms < head.mono_ms:
        msg = f"{here} is earlier than the one before it by the monotonic clock"
        raise Unverified(msg)
    return Head(head.box, head.epoch, entry.seq, sealed.hash, entry.boot, entry.mono_ms), entry


def extend(head: Head, batch: Iterable[bytes]) -> tuple[Head, list[tuple[Sealed, Entry]]]:
    """Check that `batch` continues `head`: the new head, and the entries sealed and read.

    Raises `Unverified` as `follow` does, for the first entry that does not.
    """
    read = []
    for data in batch:
        sealed = Sealed.from_bytes(data)
        head, entry = follow(head, sealed)
        read.append((sealed, entry))
    return head, read


class Checkpoint(_Record):
    """A box's signed word on its head, as the payload of a `CHECKPOINT_TYPE` envelope.

    `wall_ms` is the time of the entry that it speaks of.
    """

    box: str = _Id
    epoch: str = _Id
    seq: int = Field(ge=0)
    head: str = _Hash
    wall_ms: int


class Growth(_Record):
    """The proof that the log begins with its first `since` entries as they were: hashes, in hex."""

    since: int = Field(ge=0)
    path: tuple[str, ...] = Field(max_length=128)


class Ack(_Record):
    """The hub's signed word that it has made all up to `seq` durable (`ACK_TYPE`).

    `seq` 0 with `head` GENESIS says that it has nothing of this journal. `log` is the signed
    note (`contract/note.py`) on the hub's whole log with these entries in it, `index` (from 0)
    the place of entry `seq` there, and `inclusion` the proof of that; each of `growth` proves
    that the log continues one that the box may have kept. `wait_ms`: with more to send, wait so
    long first. `asked_log` and `asked_size` repeat what the answered batch said that the box knows
    of the log, so that a late answer can be told from a log that went back.
    """

    box: str = _Id
    epoch: str = _Id
    seq: int = Field(ge=0)
    head: str = _Hash
    log: str
    index: int = Field(ge=0)
    inclusion: tuple[str, ...] = Field(max_length=128)
    growth: tuple[Growth, ...] = Field(max_length=8)
    wait_ms: int = Field(default=0, ge=0)
    asked_log: int = Field(default=0, ge=0)
    asked_size: int = Field(default=0, ge=0)


def sign_checkpoint(head: Head, wall_ms: int, signer: Signer) -> Envelope:
    """The box's word on `head`."""
    word = Checkpoint(box=head.box, epoch=head.epoch, seq=head.seq, head=head.hash, wall_ms=wall_ms)
    return signer.sign(CHECKPOINT_TYPE, canonical(word.model_dump()))


def open_checkpoint(envelope: Envelope, trusted: KeyRing) -> Checkpoint:
    """The checkpoint, once its signature holds; raises `Unverified`."""
    return _read(Checkpoint, trusted.open(CHECKPOINT_TYPE, envelope))


def sign_ack(ack: Ack, signer: Signer) -> Envelope:
    """The acknowledgement as it travels."""
    return signer.sign(ACK_TYPE, canonical(ack.model_dump(mode="json")))


def open_ack(envelope: Envelope, trusted: KeyRing) -> Ack:
    """The acknowledgement, once its signature holds; raises `Unverified`."""
    return _read(Ack, trusted.open(ACK_TYPE, envelope))


_R = TypeVar("_R", bound=_Record)


def _read(kind: type[_R], payload: bytes) -> _R:
    try:
        parse(payload)
        return kind.model_validate_json(payload)
    except ValueError as error:
        msg = f"a signed {kind.__name__.lower()} is malformed; both machines need one release"
        raise Unverified(msg) from error
