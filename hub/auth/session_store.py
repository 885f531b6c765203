"""The sessions that have not been ended; only these are good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import BigInteger, ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.auth.store import Account, UserRow, account_of
from hub.storage.base import Base
from hub.storage.engine import Database

SessionKind = Literal["token", "page"]


class SessionRow(Base):
    """A session of one sign-in: a family of tokens, or a browser's cookie.

    `refresh` is the id of the only refresh token that is good, `last_s` when one was last used, and
    `until_s` when the session ends whatever happens.
    """

    __tablename__ = "auth_sessions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("auth_users.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(8))
    refresh: Mapped[str] = mapped_column(String(36))
    created_s: Mapped[int] = mapped_column(BigInteger)
    last_s: Mapped[int] = mapped_column(BigInteger)
    expires_s: Mapped[int] = mapped_column(BigInteger)
    until_s: Mapped[int] = mapped_column(BigInteger)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(120))


@dataclass(frozen=True, slots=True)
class Session:
    """A session; the columns are told by `SessionRow`."""

    id: str
    user_id: str
    kind: SessionKind
    refresh: str = field(repr=False)
    created_s: int
    last_s: int
    expires_s: int
    until_s: int
    address: str
    agent: str


class SessionStore:
    """Reads and writes the sessions; knows no rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, session: Session, now_s: int) -> None:
        """Keep a new session, and forget those that have run out."""
        with self._database.write() as writing:
            writing.execute(delete(SessionRow).where(SessionRow.expires_s <= now_s))
            values = {name: getattr(session, name) for name in Session.__slots__}
            writing.add(SessionRow(**values))

    def owner(self, session: str, now_s: int) -> Account | None:
        """Whose session it is, while it lasts."""
        query = (
            select(UserRow)
            .join(SessionRow, SessionRow.user_id == UserRow.id)
            .where(SessionRow.id == session, SessionRow.expires_s > now_s)
        )
        with self._database.read() as reading:
            row = reading.scalar(query)
            return account_of(row) if row else None

    def of(self, user: str, now_s: int) -> list[Session]:
        """A person's sessions, the newest first."""
        query = (
            select(SessionRow)
            .where(SessionRow.user_id == user, SessionRow.expires_s > now_s)
            .order_by(SessionRow.last_s.desc(), SessionRow.id)
        )
        with self._database.read() as reading:
            return [_session(row) for row in reading.scalars(query)]

    def rotate(
        self, session: str, before: str, after: str, now_s: int, expires_s: int
    ) -> Session | Literal["gone", "reused"]:
        """Make `after` the session's refresh token in the place of `before`.

        A token that was replaced before ends the session: somebody has a copy of it.
        """
        with self._database.write() as writing:
            row = writing.get(SessionRow, session)
            if row is None or row.expires_s <= now_s:
                return "gone"
            if row.refresh != before:
                writing.delete(row)
                return "reused"
            row.refresh, row.last_s = after, now_s
            row.expires_s = min(expires_s, row.until_s)
            return _session(row)

    def end(self, session: str, user: str) -> bool:
        """End a person's session; False where they have no such."""
        return bool(self._delete(SessionRow.id == session, SessionRow.user_id == user))

    def end_all(self, user: str, keep: str = "") -> list[str]:
        """End all of a person's sessions but `keep`; the ids of those that it ended."""
        return self._delete(SessionRow.user_id == user, SessionRow.id != keep)

    def _delete(self, *conditions: Any) -> list[str]:
        with self._database.write() as writing:
            ended = list(writing.scalars(select(SessionRow.id).where(*conditions)))
            writing.execute(delete(SessionRow).where(SessionRow.id.in_(ended)))
            return ended


def _session(row: SessionRow) -> Session:
    return Session(**{name: getattr(row, name) for name in Session.__slots__})
