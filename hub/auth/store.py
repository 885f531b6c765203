"""Accounts, sessions and the one-time setup code."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import BigInteger, ForeignKey, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base
from hub.storage.engine import Database


class UserRow(Base):
    """An administrator. `id` is all that the audit trail has of the person: `service.reference`."""

    __tablename__ = "auth_users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    salt: Mapped[str] = mapped_column(String(32))
    created_ms: Mapped[int] = mapped_column(BigInteger)


class SessionRow(Base):
    """A session that has not been ended; only these are good."""

    __tablename__ = "auth_sessions"

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("auth_users.id", ondelete="CASCADE"))
    expires_s: Mapped[int] = mapped_column(BigInteger)


class SetupRow(Base):
    """The hash of the setup code, until it is used."""

    __tablename__ = "auth_setup"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_ms: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Account:
    """An administrator's account."""

    id: str
    email: str
    name: str
    password_hash: str = field(repr=False)
    salt: str = field(repr=False)
    created_ms: int


class AuthStore:
    """Reads and writes the accounts; knows no rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any_account(self) -> bool:
        """Whether the hub has an administrator."""
        with self._database.read() as session:
            return bool(session.scalar(select(func.count()).select_from(UserRow)))

    def names(self) -> dict[str, str]:
        """Administrators' names by id."""
        with self._database.read() as session:
            return {row.id: row.name for row in session.scalars(select(UserRow))}

    def by_email(self, email: str) -> Account | None:
        """The account of `email`, which is lower-case."""
        with self._database.read() as session:
            return _account(session.scalar(select(UserRow).where(UserRow.email == email)))

    def by_session(self, jti: str, now_s: int) -> Account | None:
        """Whose session `jti` is, while it lasts."""
        query = (
            select(UserRow)
            .join(SessionRow, SessionRow.user_id == UserRow.id)
            .where(SessionRow.jti == jti, SessionRow.expires_s > now_s)
        )
        with self._database.read() as session:
            return _account(session.scalar(query))

    def has_code(self) -> bool:
        """Whether a setup code waits to be used."""
        with self._database.read() as session:
            return session.scalar(select(SetupRow)) is not None

    def set_code(self, code_hash: str, now_ms: int) -> None:
        """Replace the setup code."""
        with self._database.write() as session:
            session.execute(delete(SetupRow))
            session.add(SetupRow(code_hash=code_hash, created_ms=now_ms))

    def redeem(self, code_hash: str, account: Account) -> bool:
        """Use the code up and keep the account, both or neither; False for a wrong code."""
        with self._database.write() as session:
            row = session.get(SetupRow, code_hash)
            if row is None:
                return False
            session.delete(row)
            session.add(
                UserRow(
                    id=account.id,
                    email=account.email,
                    name=account.name,
                    password_hash=account.password_hash,
                    salt=account.salt,
                    created_ms=account.created_ms,
                )
            )
            return True

    def set_password_hash(self, user: str, password_hash: str) -> None:
        """Keep a stronger hash of the same password."""
        with self._database.write() as session:
            row = session.get(UserRow, user)
            if row is not None:
                row.password_hash = password_hash

    def open_session(self, jti: str, user: str, expires_s: int, now_s: int) -> None:
        """Begin a session, and forget those that have run out."""
        with self._database.write() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires_s <= now_s))
            session.add(SessionRow(jti=jti, user_id=user, expires_s=expires_s))

    def end_session(self, jti: str) -> None:
        """End a session for good."""
        with self._database.write() as session:
            session.execute(delete(SessionRow).where(SessionRow.jti == jti))


def _account(row: UserRow | None) -> Account | None:
    if row is None:
        return None
    return Account(row.id, row.email, row.name, row.password_hash, row.salt, row.created_ms)
