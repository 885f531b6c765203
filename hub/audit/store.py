"""Reads and writes the log.

Law: what `writing` did is on the disk when its block has ended (the database's `write` commits
with synchronous=FULL), all of it or nothing; only then may anybody be told.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from hub.audit.reader import LogReader
from hub.audit.tables import (
    EntryRow,
    HeadRow,
    PrunedRow,
    QuarantineRow,
    searchable,
)
from hub.audit.tree import Tree, Words
from hub.storage.engine import Database
from voiceassist.contract.ledger import GENESIS, Entry, Head, Sealed
from voiceassist.contract.signing import Envelope

_PRUNED = 10_000  # entries in one transaction
_ALARM_MS = 3_600_000


class LogWriter:
    """One transaction on the log, while nobody else writes."""

    def __init__(self, session: Session, now_ms: int) -> None:
        self._session = session
        self._now_ms = now_ms
        self.tree = Tree(session)
        self.words = Words(session)
        self._size = self.tree.size()

    def head(self, box: str, epoch: str) -> Head:
        """Where a journal stands."""
        row = self._session.get(HeadRow, (box, epoch))
        if row is None:
            return Head(box, epoch)
        return Head(box, epoch, row.seq, row.hash, row.boot, row.mono_ms)

    def base(self, box: str, epoch: str) -> PrunedRow:
        """Up to where a journal was pruned."""
        row = self._session.get(PrunedRow, (box, epoch))
        return row or PrunedRow(box=box, epoch=epoch, seq=0, hash=GENESIS, position=0)

    def place(self, head: Head) -> int:
        """Where in the log the last entry of a journal is, from 0; 0 too where it has none."""
        base = self.base(head.box, head.epoch)
        if head.seq == base.seq:
            return max(0, base.position - 1)
        query = select(EntryRow.position).where(
            EntryRow.box == head.box, EntryRow.epoch == head.epoch, EntryRow.seq == head.seq
        )
        return (self._session.scalar(query) or 1) - 1

    def entry(self, head: Head) -> Entry | None:
        """The last entry of a journal."""
        query = select(EntryRow.data).where(
            EntryRow.box == head.box, EntryRow.epoch == head.epoch, EntryRow.seq == head.seq
        )
        data = self._session.scalar(query)
        return Sealed.from_bytes(data).entry() if data else None

    def told(self, action: str, outcome: str, subject: str, since_ms: int) -> bool:
        """Whether the log has such an entry that came since then."""
        query = select(EntryRow.position).where(
            EntryRow.action == action, EntryRow.wall_ms >= since_ms,
            EntryRow.outcome == outcome, EntryRow.subject == subject,
        ).limit(1)  # fmt: skip
        return self._session.scalar(query) is not None

    def newest_epoch(self, box: str) -> str | None:
        """The journal of `box` that was added to last."""
        query = select(HeadRow.epoch).where(HeadRow.box == box)
        return self._session.scalars(query.order_by(HeadRow.updated_ms.desc()).limit(1)).first()

    def hashes(self, box: str, epoch: str, first: int, last: int) -> dict[int, str]:
        """The hashes of entries `first` to `last`, by number."""
        query = select(EntryRow.seq, EntryRow.hash).where(
            EntryRow.box == box, EntryRow.epoch == epoch, EntryRow.seq.between(first, last)
        )
        return {row.seq: row.hash for row in self._session.execute(query)}

    def size(self) -> int:
        """How many entries the log has."""
        return self._size

    def append(
        self,
        entries: Sequence[tuple[Sealed, Entry]],
        head: Head,
        checkpoint: Envelope,
        public_pem: str,
    ) -> None:
        """Add verified entries that end in `head`, and the signed word on it."""
        after = self._size
        rows = [
            {**searchable(*one), "position": after + index, "received_ms": self._now_ms}
            for index, one in enumerate(entries, 1)
        ]
        self._session.connection().execute(insert(EntryRow), rows)
        self.tree.extend(after, [bytes.fromhex(sealed.hash) for sealed, _entry in entries])
        self._size += len(rows)
        self._session.merge(
            HeadRow(
                box=head.box,
                epoch=head.epoch,
                seq=head.seq,
                hash=head.hash,
                boot=head.boot,
                mono_ms=head.mono_ms,
                checkpoint=checkpoint.model_dump_json(),
                public_pem=public_pem,
                updated_ms=self._now_ms,
            )
        )

    def prune(self, before_ms: int) -> tuple[int, int]:
        """Delete the oldest entries up to the first that was received since then.

        Returns the last one's position and how many went; where each journal begins is noted.
        """
        position = EntryRow.position
        first = self._session.scalar(select(func.min(position))) or self._size + 1
        kept = select(position).where(EntryRow.received_ms >= before_ms, position < first + _PRUNED)
        end = self._session.scalar(kept.order_by(position).limit(1))
        upto = min(end or first + _PRUNED, self._size) - 1  # the newest entry always stays
        if upto < first:
            return upto, 0
        tops = select(func.max(position)).where(position <= upto)
        tops = tops.group_by(EntryRow.box, EntryRow.epoch)
        for row in self._session.scalars(select(EntryRow).where(position.in_(tops))).all():
            base = PrunedRow(
                box=row.box, epoch=row.epoch, seq=row.seq, hash=row.hash, position=row.position
            )
            self._session.merge(base)
        self._session.execute(delete(EntryRow).where(position <= upto))
        return upto, upto - first + 1

    def quarantine(
        self,
        room: str,
        payload: bytes,
        reason: str,
        problem: str,
        *,
        epoch: str,
        last: int,
        digest: str,
    ) -> bool:
        """Keep a batch that was not taken; whether it is the hour's first of its kind.

        The same batch, by its `digest`, is kept once, however often it comes.
        """
        if self._session.get(QuarantineRow, digest) is not None:
            return False
        alike = select(func.count()).where(
            QuarantineRow.room == room,
            QuarantineRow.reason == reason,
            QuarantineRow.epoch == epoch,
            QuarantineRow.received_ms > self._now_ms - _ALARM_MS,
        )
        first = not self._session.scalar(alike)
        self._session.add(
            QuarantineRow(
                sha256=digest,
                room=room,
                reason=reason,
                problem=problem,
                epoch=epoch,
                last=last,
                payload=payload,
                received_ms=self._now_ms,
                released_ms=0,
            )
        )
        return first

    def release(self, head: Head, reason: str) -> None:
        """Mark what was kept for `reason` and the journal has caught up with."""
        self._session.execute(
            update(QuarantineRow)
            .where(
                QuarantineRow.room == head.box,
                QuarantineRow.epoch == head.epoch,
                QuarantineRow.reason == reason,
                QuarantineRow.last <= head.seq,
                QuarantineRow.released_ms == 0,
            )
            .values(released_ms=self._now_ms)
        )


class AuditStore:
    """The log in the hub's database; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = threading.Lock()

    @contextmanager
    def writing(self, now_ms: int) -> Iterator[LogWriter]:
        """All of the block or nothing, durable at its end."""
        with self._writer, self._database.write() as session:
            yield LogWriter(session, now_ms)

    @contextmanager
    def reading(self) -> Iterator[LogReader]:
        """A look at one state."""
        with self._database.read() as session:
            yield LogReader(session)
