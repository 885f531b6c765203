"""Takes in the rooms' journals, keeps the hub's own, and answers for both.

Law: an acknowledgement is signed only for what is already on the disk; the remembered head of
a journal never goes back; nothing that a room sent is dropped unseen: what is not taken lies
in quarantine with its reason, and is told in the hub's own journal.

A crash before the commit leaves nothing, and the room sends again; one after it leaves the
entries without their acknowledgement, and the room's repetition is acknowledged as known.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from hub.audit.clocks import ahead, jump
from hub.audit.intake import Batch, Reason, Refused, fresh, read
from hub.audit.notary import Notary
from hub.audit.pace import Pace
from hub.audit.ports import RoomKeys
from hub.audit.schemas import ALARM, HUB, PRUNED, AuditReport, EntryView, Filters, Why
from hub.audit.store import AuditStore, LogWriter
from hub.audit.verify import verify_log
from voiceassist.contract.canonical import Json, sha256
from voiceassist.contract.ledger import Clock, Entry, Head, Sealed, follow, sign_checkpoint
from voiceassist.contract.signing import Envelope, Signer, as_pem
from voiceassist.contract.wire import BATCH_ENTRIES
from voiceassist.errors import BadInput

log = logging.getLogger(__name__)

_HOUR_MS = 3_600_000


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
        clinic: str,
    ) -> None:
        self._store = store
        self._keys = keys
        self._signer = signer
        self._clock = clock
        self._boot = boot
        self._new_epoch = epoch
        self._notary = Notary(clinic, signer, clock)
        self._pace = Pace(BATCH_ENTRIES)

    def ingest(self, room: str, payload: bytes) -> Envelope | None:
        """Take in a `JournalBatch` as it came on the topic of `room`.

        Returns the signed word on how far that journal now is on the disk, None where there is
        no journal to speak of. Raises `StoreFull` or `Unavailable`: nothing was taken, and the
        room will send it again.
        """
        try:
            batch = read(room, payload, self._keys.key(room) if room != HUB else None)
        except Refused as refused:
            with self._writing() as writer:
                self._set_aside(writer, room, payload, refused.reason, str(refused))
            return None
        began_s = self._clock.mono_ms() / 1000
        wait_s = self._pace.wait_s(began_s) if batch.message.behind else 0.0
        with self._writing() as writer:
            self._look_back(writer, batch)
            head = self._take(writer, batch)
            log_head = self._notary.seal(writer)
            word = self._notary.ack(writer, head, batch, log_head, wait_s)
        self._notary.acked(room, log_head)
        self._pace.took(len(batch.entries), self._clock.mono_ms() / 1000 - began_s)
        return word

    def record(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> None:
        """Append to the hub's own journal; durable on return.

        Raises `StoreFull`, `Unavailable`, or `BadInput` where `detail` has no canonical form.
        """
        with self._writing() as writer:
            self._append(writer, action, outcome, subject, actor, detail)

    def alarm(self, *, outcome: str, subject: str, detail: dict[str, Json]) -> None:
        """Append what an administrator must see to the hub's own journal; raises as `record`."""
        with self._writing() as writer:
            self._alarm(writer, subject, outcome, detail)

    def alarm_once(
        self, *, outcome: str, subject: str, within_ms: int, detail: dict[str, Json]
    ) -> bool:
        """Alarm unless the same alarm came in the last `within_ms`; whether it was appended."""
        with self._writing() as writer:
            return self._alarm_once(writer, subject, outcome, detail, within_ms)

    def restored(self, *, actor: str, why: Why) -> int:
        """Begin a new log, and a new journal of the hub's own, after a copy was put back.

        Rooms that know a longer log refuse this hub until then; its new number tells them, and
        each enters it. Returns the number.
        """
        with self._writing() as writer:
            number = self._notary.begin_anew(writer)
            self._append(
                writer, "audit.restored", "alarm", str(number), actor,
                {"size": writer.size(), "why": why.value}, epoch=self._new_epoch(),
            )  # fmt: skip
        return number

    def prune(self, before_ms: int) -> int:
        """Delete the oldest entries, all received before then; how many, some thousands at most.

        Their hashes stay in the tree, so that proofs and chains go on to hold, and an entry tells.
        """
        with self._writing() as writer:
            upto, count = writer.prune(before_ms)
            if count:
                self._append(
                    writer, PRUNED, "done", str(upto), HUB,
                    {"upto": upto, "entries": count, "before_ms": before_ms},
                )  # fmt: skip
        return count

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
            return reader.count(Filters(action=ALARM))

    def routes(self) -> Mapping[str, int]:
        """How many turns took each route."""
        with self._store.reading() as reader:
            return reader.routes()

    @contextmanager
    def _writing(self) -> Iterator[LogWriter]:
        """One transaction; what it adds is in the signed log at its end."""
        with self._store.writing(self._clock.wall_ms()) as writer:
            yield writer
            self._notary.seal(writer)

    def _take(self, writer: LogWriter, batch: Batch) -> Head:
        """Add what is new of a batch; the journal's head, which a refused batch leaves."""
        head = writer.head(batch.end.box, batch.end.epoch)
        try:
            new = fresh(writer, head, batch)
        except Refused as refused:
            self._set_aside(writer, head.box, batch, refused.reason, str(refused))
            return head
        if not new:
            return head
        if head.seq == 0:
            self._tell_of_new_journal(writer, batch.end)
        self._look_at_clocks(writer, head, [entry for _sealed, entry in new])
        writer.append(new, batch.end, batch.message.head, as_pem(batch.key))
        writer.release(batch.end, Reason.GAP)
        return batch.end

    def _look_at_clocks(self, writer: LogWriter, head: Head, new: Sequence[Entry]) -> None:
        problems = {
            "clock_jump": jump(writer.entry(head), new),
            "clock_ahead": ahead(new[-1], self._clock.wall_ms()),
        }
        for outcome, problem in problems.items():
            if problem:
                self._alarm_once(writer, head.box, outcome, {"problem": problem})

    def _look_back(self, writer: LogWriter, batch: Batch) -> None:
        """The box witnesses the hub, too."""
        if self._notary.rewound(writer, batch):
            seen: dict[str, Json] = {
                "number": batch.message.log, "seen": batch.message.seen, "size": writer.size()
            }  # fmt: skip
            self._alarm_once(writer, batch.end.box, "log_went_back", seen)

    def _tell_of_new_journal(self, writer: LogWriter, end: Head) -> None:
        before = writer.newest_epoch(end.box)
        if before is not None:
            last = writer.head(end.box, before)
            detail: dict[str, Json] = {"epoch": end.epoch, "before": before, "last": last.seq}
            self._alarm(writer, end.box, "new_journal", detail)

    def _set_aside(
        self, writer: LogWriter, room: str, batch: Batch | bytes, reason: Reason, problem: str
    ) -> None:
        epoch, last = "", 0
        if isinstance(batch, Batch):
            epoch, last, digest, payload = (
                batch.end.epoch, batch.end.seq, batch.digest, batch.payload
            )  # fmt: skip
        else:
            digest, payload = sha256(batch), batch
        first = writer.quarantine(
            room, payload, reason, problem, epoch=epoch, last=last, digest=digest
        )
        if first:
            self._alarm(writer, room, reason, {"problem": problem, "epoch": epoch, "last": last})

    def _alarm_once(
        self,
        writer: LogWriter,
        room: str,
        outcome: str,
        detail: dict[str, Json],
        within_ms: int = _HOUR_MS,
    ) -> bool:
        since_ms = self._clock.wall_ms() - within_ms
        if writer.told(ALARM, outcome, room[:64], since_ms):
            return False
        self._alarm(writer, room, outcome, detail)
        return True

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
        epoch: str = "",
    ) -> None:
        head = writer.head(HUB, epoch or writer.newest_epoch(HUB) or self._new_epoch())
        try:
            entry = Entry(
                box=HUB,
                epoch=head.epoch,
                seq=head.seq + 1,
                previous=head.hash,
                wall_ms=self._clock.wall_ms(),
                synced=self._clock.synced(),
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
        writer.append([(sealed, entry)], end, word, self._signer.public_pem)
