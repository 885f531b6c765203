"""Reads a room's batch: what it says in itself, and what of it is new to the log."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.audit.store import LogWriter
from voiceassist.contract.canonical import sha256
from voiceassist.contract.ledger import (
    ENTRY_BYTES,
    Entry,
    Head,
    Sealed,
    extend,
    follow,
    open_checkpoint,
)
from voiceassist.contract.signing import KeyRing
from voiceassist.contract.wire import JournalBatch
from voiceassist.errors import Unverified


class Reason(StrEnum):
    """Why a batch lies in quarantine."""

    UNKNOWN = "unknown_room"
    MALFORMED = "malformed"
    GAP = "gap"
    FORK = "fork"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch whose entries continue each other up to the head that the box signed.

    `digest` names its entries, however often they are sent.
    """

    payload: bytes
    digest: str
    message: JournalBatch
    entries: Sequence[tuple[Sealed, Entry]]
    end: Head
    key: Ed25519PublicKey


class Refused(Exception):
    """The batch is not taken."""

    def __init__(self, reason: Reason, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


def read(room: str, payload: bytes, key: Ed25519PublicKey | None) -> Batch:
    """A batch as it came on the topic of `room`, whose key is `key`; raises `Refused`."""
    if key is None:
        raise Refused(Reason.UNKNOWN, f"room {room!r} is not enrolled")
    try:
        batch = JournalBatch.model_validate_json(payload)
        data = [base64.b64decode(one, validate=True) for one in batch.entries]
        if max(map(len, data)) > ENTRY_BYTES:
            raise Refused(Reason.MALFORMED, "an entry is too long")
        first = Sealed.from_bytes(data[0]).entry()
        start = Head(room, batch.epoch, batch.first - 1, first.previous)
        end, entries = extend(start, data)
        word = open_checkpoint(batch.head, KeyRing([key]))
    except (Unverified, binascii.Error) as error:
        raise Refused(Reason.MALFORMED, str(error)) from error
    except ValueError as error:  # pydantic repeats values, so its words are not kept
        raise Refused(Reason.MALFORMED, "not a batch of journal entries") from error
    if (batch.box, word.box, word.epoch) != (room, room, batch.epoch):
        raise Refused(Reason.MALFORMED, f"a batch of {batch.box!r} came from {room!r}")
    if (word.seq, word.head) != (end.seq, end.hash):
        raise Refused(Reason.MALFORMED, "the signed head is not the last entry's")
    named = sha256(f"{room}/{batch.epoch}/{batch.first}/{end.hash}".encode())
    return Batch(payload, named, batch, entries, end, key)


def fresh(writer: LogWriter, head: Head, batch: Batch) -> Sequence[tuple[Sealed, Entry]]:
    """The entries after `head`; raises `Refused` where the batch does not fit it."""
    first = batch.entries[0][1].seq
    if first > head.seq + 1:
        raise Refused(Reason.GAP, f"entries {head.seq + 1} to {first - 1} are not here yet")
    known = writer.hashes(head.box, head.epoch, first, min(head.seq, batch.end.seq))
    pruned = writer.base(head.box, head.epoch).seq
    new = []
    for sealed, entry in batch.entries:
        if entry.seq > head.seq:
            new.append((sealed, entry))
        elif entry.seq > pruned and known.get(entry.seq) != sealed.hash:
            raise Refused(Reason.FORK, f"entry {entry.seq} came twice, not the same")
    if new and new[0][1].previous != head.hash:
        raise Refused(Reason.FORK, f"entry {head.seq} is another one on the box")
    try:
        for sealed, _entry in new[:1]:
            follow(head, sealed)
    except Unverified as error:
        raise Refused(Reason.CLOCK, str(error)) from error
    return new
