"""Reads the log: one state of it, as entries, as rows, as what was signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, cast, func, inspect, select
from sqlalchemy.orm import Session

from hub.audit.scan import Row
from hub.audit.schemas import EntryView, Filters
from hub.audit.tables import EntryRow, HeadRow, LogRow, PrunedRow, QuarantineRow, TileRow, WordRow
from hub.audit.tree import Tree, Words
from voiceassist.contract.ledger import TURN, Sealed
from voiceassist.errors import Unverified

_CHUNK = 2000
_COUNTED = 10_000


class LogReader:
    """One state of the log."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.tree = Tree(session)

    def exists(self) -> bool:
        """Whether the database has a log at all."""
        return inspect(self._session.connection()).has_table(EntryRow.__tablename__)

    def heads(self) -> Sequence[HeadRow]:
        """All journals, by box and then by age."""
        query = select(HeadRow).order_by(HeadRow.box, HeadRow.updated_ms)
        return self._session.scalars(query).all()

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """All entries in the order that they came in, as plain tuples of `Row`'s columns.

        Raises `Unverified` where the database can't read one as what it is.
        """
        columns = [getattr(EntryRow, name) for name in Row._fields]
        columns[-1] = cast(EntryRow.data, LargeBinary)  # whatever it was altered to
        query = select(*columns).order_by(EntryRow.position)
        # the driver's own cursor: the same rows, four times as fast
        connection = self._session.connection()
        streamed = {} if connection.dialect.name == "sqlite" else {"name": "entries"}
        cursor = connection.connection.cursor(**streamed)  # a nameless one of PostgreSQL reads all
        try:
            cursor.execute(str(query.compile(dialect=connection.dialect)))
            while found := cursor.fetchmany(_CHUNK):
                yield from found
        except connection.dialect.loaded_dbapi.Error as error:
            raise Unverified(f"an entry can't be read ({error}): the log was altered") from error
        finally:
            cursor.close()

    def matching(self, filters: Filters) -> Iterator[EntryRow]:
        """All entries that fit, in the order that they came in."""
        query = select(EntryRow).where(*_conditions(filters)).order_by(EntryRow.position)
        yield from self._session.scalars(query.execution_options(yield_per=_CHUNK))

    def found(self, name: str) -> EntryRow | None:
        """An entry by its position or its hash."""
        if name.isdigit():
            return self._session.get(EntryRow, int(name))
        return self._session.scalar(select(EntryRow).where(EntryRow.hash == name))

    def pruned_leaves(self) -> Iterator[bytes]:
        """The hashes of the entries that were pruned, in order."""
        upto = self._session.scalar(select(func.max(PrunedRow.position))) or 0
        for index in range(upto):
            yield self.tree.node(0, index)

    def newest_word(self) -> WordRow | None:
        """What the hub signed last."""
        return Words(self._session).newest()

    def bases(self) -> Sequence[PrunedRow]:
        """The journals of which entries were pruned."""
        return self._session.scalars(select(PrunedRow)).all()

    def logs(self) -> Sequence[LogRow]:
        """The logs that there were, by number."""
        return self._session.scalars(select(LogRow).order_by(LogRow.number)).all()

    def words(self) -> Sequence[WordRow]:
        """What the hub signed of them, the oldest first."""
        return self._session.scalars(select(WordRow).order_by(WordRow.number, WordRow.size)).all()

    def tiles(self, level: int) -> list[bytes]:
        """The stored tree's hashes of a level, in order."""
        query = (
            select(cast(TileRow.hashes, LargeBinary))
            .where(TileRow.level == level)
            .order_by(TileRow.number)
        )
        return list(self._session.scalars(query))

    def tile_count(self) -> int:
        """How many rows the stored tree has, all levels together."""
        return self._session.scalar(select(func.count()).select_from(TileRow)) or 0

    def quarantined(self) -> int:
        """How many batches wait for a person."""
        query = select(func.count()).where(QuarantineRow.released_ms == 0)
        return self._session.scalar(query) or 0

    def routes(self) -> Mapping[str, int]:
        """How many turns took each route."""
        count = func.count().label("turns")
        query = select(EntryRow.route, count).where(EntryRow.action == TURN)
        rows = self._session.execute(query.group_by(EntryRow.route))
        return {row.route: row.turns for row in rows}

    def search(self, filters: Filters, offset: int, limit: int) -> tuple[list[EntryView], int]:
        """The newest entries that fit by their box's clock, and how many fit, 10,000 at most."""
        rows, total = self.rows_of(filters, offset, limit)
        return [view(row) for row in rows], total

    def count(self, filters: Filters) -> int:
        """How many entries fit."""
        query = select(func.count()).select_from(EntryRow).where(*_conditions(filters))
        return self._session.scalar(query) or 0

    def rows_of(self, filters: Filters, offset: int, limit: int) -> tuple[Sequence[EntryRow], int]:
        """As `search`, unread."""
        fits = list(_conditions(filters))
        some = select(EntryRow.position).where(*fits).limit(_COUNTED).subquery()
        total = self._session.scalar(select(func.count()).select_from(some)) or 0
        query = select(EntryRow).where(*fits)
        query = query.order_by(EntryRow.wall_ms.desc(), EntryRow.position.desc())
        return self._session.scalars(query.offset(offset).limit(limit)).all(), total


def view(row: EntryRow) -> EntryView:
    """An entry for people."""
    return EntryView(
        position=row.position,
        box=row.box,
        epoch=row.epoch,
        seq=row.seq,
        hash=row.hash,
        wall_ms=row.wall_ms,
        received_ms=row.received_ms,
        actor=row.actor,
        action=row.action,
        outcome=row.outcome,
        subject=row.subject,
        detail=Sealed(row.data, row.hash).entry().detail,
    )


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    for name in ("position", "box", "actor", "action", "outcome", "subject"):
        wanted = getattr(filters, name)
        if wanted is not None:
            yield getattr(EntryRow, name) == wanted
    if filters.since_ms is not None:
        yield EntryRow.wall_ms >= filters.since_ms
    if filters.until_ms is not None:
        yield EntryRow.wall_ms < filters.until_ms
