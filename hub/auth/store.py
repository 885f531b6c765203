"""Accounts, the one-time codes that open them, and the setup code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import BigInteger, ForeignKey, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base
from hub.storage.engine import Database

State = Literal["pending", "active", "inactive"]


class UserRow(Base):
    """A person. `id` is all that the audit trail has of them: `service.reference`.

    `password_hash` is empty for who never set one, `totp` the sealed secret of the second factor,
    `totp_step` the last time step whose code was used, `recovery` the hashes of the codes left, and
    `subject` the issuer and subject of an OpenID provider.
    """

    __tablename__ = "auth_users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    salt: Mapped[str] = mapped_column(String(32))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    role: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    totp: Mapped[str] = mapped_column(Text, default="")
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    recovery: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(500), default="", index=True)


class CodeRow(Base):
    """The hash of a code by which a person sets their password, once, until `expires_s`."""

    __tablename__ = "auth_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("auth_users.id", ondelete="CASCADE"))
    expires_s: Mapped[int] = mapped_column(BigInteger)


class SetupRow(Base):
    """The hash of the setup code, until it is used."""

    __tablename__ = "auth_setup"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_ms: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account; the columns are told by `UserRow`."""

    id: str
    email: str
    name: str
    role: str
    state: str
    created_ms: int
    password_hash: str = field(default="", repr=False)
    salt: str = field(default="", repr=False)
    totp: str = field(default="", repr=False)
    totp_step: int = 0
    recovery: str = field(default="", repr=False)
    subject: str = ""

    @property
    def active(self) -> bool:
        """Whether they may sign in."""
        return self.state == "active"


class AuthStore:
    """Reads and writes the accounts; knows no rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any_administrator(self) -> bool:
        """Whether the hub has an administrator."""
        query = select(UserRow.id).where(UserRow.role == "administrator").limit(1)
        with self._database.read() as session:
            return session.scalar(query) is not None

    def names(self) -> dict[str, str]:
        """Everyone's name by id."""
        with self._database.read() as session:
            return {row.id: row.name for row in session.scalars(select(UserRow))}

    def listing(self, offset: int, limit: int) -> tuple[list[Account], int]:
        """Accounts by e-mail address, and how many there are."""
        query = select(UserRow).order_by(UserRow.email).offset(offset).limit(limit)
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(UserRow)) or 0
            return [account_of(row) for row in session.scalars(query)], total

    def get(self, user: str) -> Account | None:
        """The account of that id."""
        with self._database.read() as session:
            row = session.get(UserRow, user)
            return account_of(row) if row else None

    def by_email(self, email: str) -> Account | None:
        """The account of `email`, which is lower-case."""
        return self._one(UserRow.email == email)

    def by_subject(self, subject: str) -> Account | None:
        """The account of a person at an OpenID provider."""
        return self._one(UserRow.subject == subject)

    def add(self, account: Account) -> bool:
        """Keep a new account; False where the address has one."""
        with self._database.write() as session:
            if session.scalar(select(UserRow.id).where(UserRow.email == account.email)):
                return False
            session.add(_row(account))
            return True

    def change(self, user: str, **columns: Any) -> Account | None:
        """Set columns of an account; what it is then, None where there is no such account."""
        with self._database.write() as session:
            row = session.get(UserRow, user)
            if row is None:
                return None
            for name, value in columns.items():
                setattr(row, name, value)
            return account_of(row)

    def change_unless_last(self, user: str, role: str, state: str) -> Account | None:
        """Set role and state; None where no active administrator would be left."""
        with self._database.write() as session:
            row = session.get_one(UserRow, user)
            row.role, row.state = role, state
            session.flush()
            left = select(UserRow.id).where(
                UserRow.role == "administrator", UserRow.state == "active"
            )
            if session.scalar(left.limit(1)) is None:
                session.rollback()
                return None
            return account_of(row)

    def use_step(self, user: str, step: int) -> bool:
        """Note that the code of a time step was used; False where it, or a later one, was."""
        with self._database.write() as session:
            query = update(UserRow).where(UserRow.id == user, UserRow.totp_step < step)
            return bool(session.execute(query.values(totp_step=step)).rowcount)  # type: ignore[attr-defined]  # an update's result has it

    def swap_recovery(self, user: str, before: str, after: str) -> bool:
        """Replace the recovery codes; False where they are not `before` any more."""
        with self._database.write() as session:
            query = update(UserRow).where(UserRow.id == user, UserRow.recovery == before)
            return bool(session.execute(query.values(recovery=after)).rowcount)  # type: ignore[attr-defined]  # (likewise)

    def has_code(self) -> bool:
        """Whether a setup code waits to be used."""
        with self._database.read() as session:
            return session.scalar(select(SetupRow)) is not None

    def set_code(self, code_hash: str, now_ms: int) -> None:
        """Replace the setup code."""
        with self._database.write() as session:
            session.execute(delete(SetupRow))
            session.add(SetupRow(code_hash=code_hash, created_ms=now_ms))

    def redeem_setup(self, code_hash: str, account: Account) -> bool:
        """Use the setup code up and keep the account, both or neither; False for a wrong code."""
        with self._database.write() as session:
            row = session.get(SetupRow, code_hash)
            if row is None:
                return False
            session.delete(row)
            session.add(_row(account))
            return True

    def invite(self, user: str, code_hash: str, expires_s: int) -> None:
        """Replace a person's code."""
        with self._database.write() as session:
            session.execute(delete(CodeRow).where(CodeRow.user_id == user))
            session.add(CodeRow(code_hash=code_hash, user_id=user, expires_s=expires_s))

    def owner_of(self, code_hash: str, email: str, now_s: int) -> Account | None:
        """Whose code it is, while it is good; None for a wrong code or address."""
        with self._database.read() as session:
            code = session.get(CodeRow, code_hash)
            row = session.get(UserRow, code.user_id) if code else None
            if code is None or row is None or code.expires_s <= now_s or row.email != email:
                return None
            return account_of(row)

    def redeem(self, code_hash: str, email: str, password_hash: str, now_s: int) -> Account | None:
        """Use a person's code up and set their password; None for a wrong code or address."""
        with self._database.write() as session:
            code = session.get(CodeRow, code_hash)
            row = session.get(UserRow, code.user_id) if code else None
            if code is None or row is None or code.expires_s <= now_s or row.email != email:
                return None
            session.delete(code)
            row.password_hash = password_hash
            return account_of(row)

    def _one(self, condition: Any) -> Account | None:
        with self._database.read() as session:
            row = session.scalar(select(UserRow).where(condition))
            return account_of(row) if row else None


def account_of(row: UserRow) -> Account:
    """A row as a value."""
    names = (one.name for one in UserRow.__table__.columns)
    return Account(**{name: getattr(row, name) for name in names})


def _row(account: Account) -> UserRow:
    return UserRow(**{name: getattr(account, name) for name in Account.__slots__})
