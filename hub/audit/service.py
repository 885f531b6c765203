"""Takes in the rooms' journals, keeps the hub's own, and answers for both.

Law: an acknowledgement is signed only for what is already on the disk; the remembered head of
a journal never goes back; nothing that a room sent is dropped unseen: what is not taken lies
in quarantine with its reason, and is told in the hub's own journal.

A crash before the commit leaves nothing, and the room sends again; one after it leaves the
entries without their acknowledgement, and the room's repetition is acknowledged as known.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.audit.ports import RoomKeys
from hub.audit.schemas import ALARM, AuditReport, EntryView, Filters
from hub.audit.store import AuditStore, LogWriter
from hub.audit.verify import verify_log
from voiceassist.contract.canonical import Json
from voiceassist.contract.ledger import (
    ENTRY_BYTES,
    Ack,
    Clock,
    Entry,
    Head,
    Sealed,
    extend,
    follow,
    open_checkpoint,
    sign_ack,
    sign_checkpoint,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import JournalBatch
from voiceassist.errors import BadInput, Unverified

log = logging.getLogger(__name__)

HUB = "hub"


class Reason(StrEnum):
    """Why a batch lies in quarantine."""

    UNKNOWN = "unknown_room"
    MALFORMED = "malformed"
    GAP = "gap"
    FORK = "fork"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch whose entries continue each other up to the head that the box signed."""

    payload: bytes
    entries: Sequence[tuple[Sealed, Entry]]
    end: Head
    checkpoint: Envelope
    key: Ed25519PublicKey


class _Refused(Exception):
    def __init__(self, reason: Reason, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


class AuditService:
    """The clinic's log. `signer` signs acknowledgements and the hub's own journal.

    `boot` names this boot of the hub, `epoch` a journal of its own that begins.
    """

    def __init__(
        self,
        store: AuditStore,
        keys: RoomKeys,
        signer: Signer,
        clock: Clock,
        *,
        boot: str,
        epoch: Callable[[], str],
    ) -> None:
        self._store = store
        self._keys = keys
        self._signer = signer
        self._clock = clock
        self._boot = boot
        self._new_epoch = epoch

    def ingest(self, room: str, payload: bytes) -> Envelope | None:
        """Take in a `JournalBatch` as it came on the topic of `room`.

        Returns the signed word on how far that journal now is on the disk, None where there is
        no journal to speak of. Raises `StoreFull` or `Unavailable`: nothing was taken, and the
        room will send it again.
        """
        now_ms = self._clock.wall_ms()
        try:
            batch = self._read(room, payload)
        except _Refused as refused:
            with self._store.writing(now_ms) as writer:
                self._set_aside(writer, room, payload, refused.reason, str(refused))
            return None
        with self._store.writing(now_ms) as writer:
            head = self._take(writer, batch)
            size = writer.size()
        ack = Ack(box=head.box, epoch=head.epoch, seq=head.seq, head=head.hash, size=size)
        return sign_ack(ack, self._signer)

    def record(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> None:
        """Append to the hub's own journal; durable on return.

        Raises `StoreFull`, `Unavailable`, or `BadInput` where `detail` has no canonical form.
        """
        with self._store.writing(self._clock.wall_ms()) as writer:
            self._append(writer, action, outcome, subject, actor, detail)

    def alarm(self, *, outcome: str, subject: str, detail: dict[str, Json]) -> None:
        """Append what an administrator must see to the hub's own journal; raises as `record`."""
        with self._store.writing(self._clock.wall_ms()) as writer:
            self._alarm(writer, subject, outcome, detail)

    def verify_all(self) -> AuditReport:
        """Read and check the whole log."""
        with self._store.reading() as reader:
            return verify_log(reader)

    def search(self, filters: Filters, offset: int, limit: int) -> tuple[list[EntryView], int]:
        """The newest entries that fit, and how many fit."""
        with self._store.reading() as reader:
            return reader.search(filters, offset, limit)

    def alarms(self) -> int:
        """How many alarms the log has."""
        with self._store.reading() as reader:
            return reader.search(Filters(action=ALARM), 0, 0)[1]

    def routes(self) -> Mapping[str, int]:
        """How many turns took each route."""
        with self._store.reading() as reader:
            return reader.routes()

    def _read(self, room: str, payload: bytes) -> _Batch:
        key = self._keys.key(room) if room != HUB else None
        if key is None:
            raise _Refused(Reason.UNKNOWN, f"room {room!r} is not enrolled")
        try:
            batch = JournalBatch.model_validate_json(payload)
            data = [base64.b64decode(one, validate=True) for one in batch.entries]
            if max(map(len, data)) > ENTRY_BYTES:
                raise _Refused(Reason.MALFORMED, "an entry is too long")
            first = Sealed.from_bytes(data[0]).entry()
            start = Head(room, batch.epoch, batch.first - 1, first.previous)
            end, entries = extend(start, data)
            word = open_checkpoint(batch.head, KeyRing([key]))
        except (Unverified, binascii.Error) as error:
            raise _Refused(Reason.MALFORMED, str(error)) from error
        except ValueError as error:  # pydantic repeats values, so its words are not kept
            raise _Refused(Reason.MALFORMED, "not a batch of journal entries") from error
        if (batch.box, word.box, word.epoch) != (room, room, batch.epoch):
            raise _Refused(Reason.MALFORMED, f"a batch of {batch.box!r} came from {room!r}")
        if (word.seq, word.head) != (end.seq, end.hash):
            raise _Refused(Reason.MALFORMED, "the signed head is not the last entry's")
        return _Batch(payload, entries, end, batch.head, key)

    def _take(self, writer: LogWriter, batch: _Batch) -> Head:
        """Add what is new of a batch; the journal's head, which a refused batch leaves."""
        head = writer.head(batch.end.box, batch.end.epoch)
        try:
            fresh = self._fresh(writer, head, batch)
        except _Refused as refused:
            self._set_aside(
                writer, head.box, batch.payload, refused.reason, str(refused), at=batch.end
            )
            return head
        if not fresh:
            return head
        if head.seq == 0:
            self._tell_of_new_journal(writer, batch.end)
        writer.append(fresh, batch.end, batch.checkpoint, _pem(batch.key))
        writer.release(batch.end, Reason.GAP)
        return batch.end

    def _fresh(
        self, writer: LogWriter, head: Head, batch: _Batch
    ) -> Sequence[tuple[Sealed, Entry]]:
        """The entries after `head`; raises `_Refused` where the batch does not fit it."""
        first = batch.entries[0][1].seq
        if first > head.seq + 1:
            problem = f"entries {head.seq + 1} to {first - 1} are not here yet"
            raise _Refused(Reason.GAP, problem)
        known = writer.hashes(head.box, head.epoch, first, min(head.seq, batch.end.seq))
        fresh = []
        for sealed, entry in batch.entries:
            if entry.seq > head.seq:
                fresh.append((sealed, entry))
            elif known.get(entry.seq) != sealed.hash:
                raise _Refused(Reason.FORK, f"entry {entry.seq} came twice, not the same")
        if fresh and fresh[0][1].previous != head.hash:
            raise _Refused(Reason.FORK, f"entry {head.seq} is another one on the box")
        try:
            for sealed, _entry in fresh[:1]:
                follow(head, sealed)
        except Unverified as error:
            raise _Refused(Reason.CLOCK, str(error)) from error
        return fresh

    def _tell_of_new_journal(self, writer: LogWriter, end: Head) -> None:
        before = writer.newest_epoch(end.box)
        if before is not None:
            last = writer.head(end.box, before)
            detail: dict[str, Json] = {"epoch": end.epoch, "before": before, "last": last.seq}
            self._alarm(writer, end.box, "new_journal", detail)

    def _set_aside(
        self,
        writer: LogWriter,
        room: str,
        payload: bytes,
        reason: Reason,
        problem: str,
        at: Head | None = None,
    ) -> None:
        epoch, last = (at.epoch, at.seq) if at else ("", 0)
        if writer.quarantine(room, payload, reason, problem, epoch=epoch, last=last):
            self._alarm(writer, room, reason, {"problem": problem, "epoch": epoch, "last": last})

    def _alarm(self, writer: LogWriter, room: str, outcome: str, detail: dict[str, Json]) -> None:
        log.error("audit alarm: %s", outcome, extra={"room": room, "detail": detail})
        self._append(writer, ALARM, outcome, room[:64], HUB, detail)

    def _append(
        self,
        writer: LogWriter,
        action: str,
        outcome: str,
        subject: str,
        actor: str,
        detail: dict[str, Json],
    ) -> None:
        head = writer.head(HUB, writer.newest_epoch(HUB) or self._new_epoch())
        try:
            entry = Entry(
                box=HUB,
                epoch=head.epoch,
                seq=head.seq + 1,
                previous=head.hash,
                wall_ms=self._clock.wall_ms(),
                mono_ms=self._clock.mono_ms(),
                boot=self._boot,
                actor=actor,
                action=action,
                outcome=outcome,
                subject=subject,
                detail=detail,
            )
            sealed = Sealed.of(entry)
        except ValueError as error:
            raise BadInput(f"a {action!r} audit entry has no canonical form") from error
        end, _ = follow(head, sealed)
        word = sign_checkpoint(end, entry.wall_ms, self._signer)
        writer.append([(sealed, entry)], end, word, _pem(self._signer.public))


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
