"""The room's append-only journal and outbox.

Law: an entry is on the disk before `append` returns, and leaves the disk only after the hub's
signed acknowledgement of it, and even then only when space is short. Nothing is ever changed.

A crash at any point leaves a whole chain: each append and each acknowledgement is one SQLite
transaction (WAL, synchronous=FULL), so opening the journal again is the recovery. Numbers and
hashes are read from the file inside the transaction, never remembered, so that two processes
that append to one journal make one chain and not two.
"""

from __future__ import annotations

import base64
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.journal import checks, tables, witness
from voiceassist.contract.canonical import Json
from voiceassist.contract.ledger import (
    ENTRY_BYTES,
    GENESIS,
    Ack,
    Clock,
    Entry,
    Head,
    Sealed,
    follow,
    open_ack,
    sign_checkpoint,
)
from voiceassist.contract.note import LogHead
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import BATCH_ENTRIES, JournalBatch
from voiceassist.contract.witness import Inconsistent, Late
from voiceassist.contract.witness import witness as continued
from voiceassist.errors import BadInput, Unverified

SPARE_BYTES = 64 << 20  # with less free than this, acknowledged entries are pruned
_PRUNE_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an entry is durable: its number and hash."""

    seq: int
    hash: str


class Journal:
    """One box's chain in one SQLite file; thread-safe.

    `key` signs checkpoints, `boot_id` names this boot; `epoch` names a journal that begins
    and `free_bytes` tells the space left (the disk's by default).
    """

    def __init__(
        self,
        path: Path,
        box: str,
        key: Signer,
        clock: Clock,
        boot_id: str,
        *,
        epoch: Callable[[], str] = lambda: uuid.uuid4().hex,
        free_bytes: Callable[[], int] | None = None,
    ) -> None:
        self._path = path
        self._key = key
        self._clock = clock
        self._boot = boot_id
        self._free = free_bytes or (lambda: shutil.disk_usage(path.parent).free)
        self._lock = threading.RLock()
        self._own = KeyRing([key.public])
        self._watcher: Callable[[], None] = lambda: None
        self._db = tables.connect(path, box=box, epoch=epoch, genesis=GENESIS)
        self.box, self.epoch = self._db.execute("SELECT box, epoch FROM journal").fetchone()
        if self.box != box:
            self._db.close()
            raise Unverified(
                f"{path} is the journal of {self.box!r}, not of {box!r}; move it aside"
            )

    def append(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> Receipt:
        """Record what happened; durable on return.

        Raises `StoreFull` or `Unavailable`, and then nothing was recorded and nothing may be
        answered (law 3); `BadInput` for a `detail` that is too long or has no canonical form.
        """
        with self._lock, tables.named_failures(self._path):
            try:
                receipt = self._insert(action, outcome, subject, actor, detail)
            except sqlite3.OperationalError as error:
                if not (tables.is_full(error) and self._prune()):
                    raise
                receipt = self._insert(action, outcome, subject, actor, detail)
        self._watcher()
        return receipt

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each append, on the thread that appended; it must not block."""
        self._watcher = watcher

    def head(self) -> Head:
        """Where the chain stands."""
        with self._reading() as db:
            row = (
                db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
                or db.execute("SELECT base_seq, base_hash FROM journal").fetchone()
            )
        return Head(self.box, self.epoch, *row)

    def acked(self) -> int:
        """The number of the last entry that the hub has made durable."""
        with self._reading() as db:
            return int(db.execute("SELECT acked FROM journal").fetchone()[0])

    def owed(self) -> int:
        """How many entries the hub has not acknowledged."""
        with self._lock:
            return self.head().seq - self.acked()

    def short_of_space(self) -> bool:
        """Whether the disk is so full that the room should say so."""
        return self._free() < SPARE_BYTES

    def batch(self, after: int | None = None, limit: int = BATCH_ENTRIES) -> JournalBatch | None:
        """The entries after number `after` (the last acknowledged), with a signed checkpoint.

        At most `limit` entries and less than BATCH_BYTES as JSON; None where there are none.
        """
        with self._reading() as db:
            entries = tables.fitting(db, self.acked() if after is None else after, limit)
            known, last = witness.kept(db), self.head().seq
        if not entries:
            return None
        end = Sealed.from_bytes(entries[-1])
        entry = end.entry()
        # signed with its own time, a batch that is sent again is the same bytes again
        word = sign_checkpoint(
            Head(self.box, self.epoch, entry.seq, end.hash), entry.wall_ms, self._key
        )
        return JournalBatch(
            box=self.box, epoch=self.epoch, first=entry.seq - len(entries) + 1, head=word,
            entries=tuple(base64.b64encode(one).decode() for one in entries),
            log=known.number if known else 0, seen=known.size if known else 0,
            behind=last - entry.seq,
        )  # fmt: skip

    def acknowledge(self, envelope: Envelope, trusted: KeyRing) -> Ack:
        """Take the hub's signed word on what it has; raises `Unverified` and releases nothing.

        The word must be of this journal, carry our own hash at its number, and tell of a log
        that continues the one we know (`Late` for one that is known already); one that
        contradicts it is kept as evidence and becomes an entry. A hub that was restored says so
        by a log of a higher number: what it lost is owed again.
        """
        ack = open_ack(envelope, trusted)
        with self._reading() as db:
            checks.hub_word(db, self.head(), ack)
            before = witness.kept(db)
            told = self._witnessed(db, before, ack, trusted)
            if before is not None and told.number != before.number:
                self._tell("hub.log_begun", before, told)
            elif ack.seq < self.acked():
                raise Late("an old word of the hub came late")
            with tables.writing(db):
                db.execute(
                    "UPDATE journal SET acked = ?, ack = ?", (ack.seq, envelope.model_dump_json())
                )
                witness.keep(db, told, ack.log)
            if self._free() < SPARE_BYTES:
                self._prune()
        return ack

    def witnessed(self) -> list[str]:
        """The hub's signed notes on its log: what was refused, and the newest one believed."""
        with self._reading() as db:
            return witness.notes(db)

    def verify(self, trusted: KeyRing) -> Head:
        """Read the whole journal: the chain, the box's own word and the hub's last one on it.

        Raises `Unverified` naming the first entry that does not hold.
        """
        with self._reading() as db:
            row = db.execute("SELECT base_seq, base_hash, ack FROM journal").fetchone()
            head = Head(self.box, self.epoch, row[0], row[1])
            for hashed, data in db.execute("SELECT hash, data FROM entries ORDER BY seq"):
                head, entry = follow(head, Sealed.from_bytes(data))
                if hashed != head.hash:
                    raise Unverified(f"audit entry {entry.seq} of {self.box} was altered")
            checks.own_word(db, head, self._own)
            if row[2]:
                checks.hub_word(db, head, open_ack(Envelope.from_json(row[2]), trusted))
        return head

    def close(self) -> None:
        """Close the file; what was appended is already on the disk."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, tables.named_failures(self._path):
            yield self._db

    def _insert(
        self, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> Receipt:
        with tables.writing(self._db):
            head = self.head()
            try:
                entry = Entry(
                    box=self.box,
                    epoch=self.epoch,
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
                # pydantic repeats values in its message: the entry's place is all that is told
                raise BadInput(
                    f"a {action!r} audit entry has no canonical form; its detail may hold text, "
                    "whole numbers, booleans, lists and maps"
                ) from error
            if len(sealed.data) > ENTRY_BYTES:
                raise BadInput(
                    f"a {action!r} audit entry is longer than {ENTRY_BYTES} bytes; shorten it"
                )
            self._db.execute(
                "INSERT INTO entries VALUES (?, ?, ?)", (entry.seq, sealed.hash, sealed.data)
            )
            at = Head(self.box, self.epoch, entry.seq, sealed.hash)
            word = sign_checkpoint(at, entry.wall_ms, self._key)
            self._db.execute("INSERT OR REPLACE INTO word VALUES (1, ?)", (word.model_dump_json(),))
        return Receipt(entry.seq, sealed.hash)

    def _witnessed(
        self, db: sqlite3.Connection, before: LogHead | None, ack: Ack, trusted: KeyRing
    ) -> LogHead:
        try:
            return continued(before, ack, trusted)
        except Inconsistent as error:
            with tables.writing(db):
                first = witness.refuse(db, error.told, ack.log)
            if first and before is not None:
                self._tell("hub.log_refused", before, error.told)
            raise

    def _tell(self, action: str, before: LogHead, told: LogHead) -> None:
        """Enter that the hub's log is not what it was; roots in hexadecimal."""
        detail: dict[str, Json] = {
            "number": told.number, "size": told.size, "root": told.root.hex(),
            "kept_number": before.number, "kept_size": before.size, "kept_root": before.root.hex(),
        }  # fmt: skip
        self.append(action=action, outcome="alarm", subject="hub", actor=self.box, detail=detail)

    def _prune(self) -> bool:
        """Drop the oldest acknowledged entries, the last one never; whether any went."""
        with tables.writing(self._db):
            row = self._db.execute(
                "SELECT seq, hash FROM entries WHERE seq <= (SELECT acked FROM journal)"
                " AND seq < (SELECT max(seq) FROM entries)"
                " AND seq <= (SELECT base_seq FROM journal) + ? ORDER BY seq DESC LIMIT 1",
                (_PRUNE_ENTRIES,),
            ).fetchone()
            if row is None:
                return False
            self._db.execute("DELETE FROM entries WHERE seq <= ?", (row[0],))
            self._db.execute("UPDATE journal SET base_seq = ?, base_hash = ?", row)
        return True
