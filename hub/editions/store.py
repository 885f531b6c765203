"""The table of published editions. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, Integer, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.editions.schemas import EditionView, Published
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.signing import Envelope


class EditionRow(Base):
    """A published edition; `envelope` is its JSON exactly as rooms fetch it."""

    __tablename__ = "editions"

    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    created_s: Mapped[int] = mapped_column(BigInteger)
    expires_s: Mapped[int] = mapped_column(BigInteger)
    documents: Mapped[int] = mapped_column(Integer)
    passages: Mapped[int] = mapped_column(Integer)
    state_root: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[str] = mapped_column(String(64))
    etag: Mapped[str] = mapped_column(String(64))
    envelope: Mapped[str] = mapped_column(Text)


class EditionStore:
    """Reads and writes editions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, make: Callable[[int], Published]) -> Published:
        """Add what `make` makes above the newest version; two publishers never get the same."""
        with self._database.write() as session:
            published = make(_newest(session))
            session.add(
                EditionRow(
                    etag=published.etag,
                    envelope=published.envelope.to_json().decode(),
                    **published.view.model_dump(),
                )
            )
        return published

    def newest(self) -> int:
        """The newest version; 0 where there is none."""
        with self._database.read() as session:
            return _newest(session)

    def current(self) -> Published | None:
        """The newest edition."""
        query = select(EditionRow).order_by(EditionRow.version.desc()).limit(1)
        with self._database.read() as session:
            row = session.scalar(query)
            return _published(row) if row else None

    def get(self, version: int) -> Published | None:
        """One edition."""
        with self._database.read() as session:
            row = session.get(EditionRow, version)
            return _published(row) if row else None

    def listing(self, offset: int, limit: int) -> list[EditionView]:
        """Editions, newest first."""
        query = select(EditionRow).order_by(EditionRow.version.desc())
        with self._database.read() as session:
            return [_view(row) for row in session.scalars(query.offset(offset).limit(limit))]

    def count(self) -> int:
        """How many there are."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(EditionRow)) or 0


def _newest(session: Session) -> int:
    return session.scalar(select(func.max(EditionRow.version))) or 0


def _published(row: EditionRow) -> Published:
    envelope = Envelope.from_json(row.envelope.encode())
    return Published(view=_view(row), envelope=envelope, etag=row.etag)


def _view(row: EditionRow) -> EditionView:
    return EditionView(
        version=row.version,
        created_s=row.created_s,
        expires_s=row.expires_s,
        documents=row.documents,
        passages=row.passages,
        state_root=row.state_root,
        published_by=row.published_by,
    )
