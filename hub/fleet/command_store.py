"""The table of commands to rooms, each with what the room replied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.fleet.schemas import CommandView
from hub.fleet.store import RoomRow
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.command import Command, Outcome
from voiceassist.contract.signing import Envelope


class CommandRow(Base):
    """A command; `envelope` and `reply` are JSON as signed, `outcome` and `reply` empty before."""

    __tablename__ = "fleet_commands"
    __table_args__ = (UniqueConstraint("room", "number"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    room: Mapped[str] = mapped_column(String(63))
    number: Mapped[int] = mapped_column(BigInteger)
    verb: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(Text)
    issued_s: Mapped[int] = mapped_column(BigInteger)
    expires_s: Mapped[int] = mapped_column(BigInteger)
    envelope: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(16), default="", index=True)
    problem: Mapped[str] = mapped_column(Text, default="")
    answered_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    reply: Mapped[str] = mapped_column(Text, default="")


@dataclass(frozen=True, slots=True)
class Open:
    """A command without an outcome, as it is sent."""

    view: CommandView
    envelope: str


class CommandStore:
    """Reads and writes commands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, room: str) -> int:
        """How many commands to `room` have no outcome."""
        with self._database.read() as session:
            asked = select(func.count()).where(CommandRow.room == room, CommandRow.outcome == "")
            return session.scalar(asked) or 0

    def add(
        self, room: str, actor: str, now_s: int, sign: Callable[[int], tuple[Command, Envelope]]
    ) -> CommandView:
        """Keep a new command, which `sign` makes of its number.

        The number is above all others of the room; it is no lower than the time either, so that
        a hub that was restored goes on above what it has forgotten.
        """
        with self._database.write() as session:
            session.get(RoomRow, room, with_for_update=True)  # one at a time takes a number
            last = session.scalar(
                select(func.max(CommandRow.number)).where(CommandRow.room == room)
            )
            command, envelope = sign(max((last or 0) + 1, now_s))
            row = CommandRow(
                actor=actor, envelope=envelope.model_dump_json(), outcome="", problem="",
                answered_ms=0, reply="", **command.model_dump(exclude={"v", "clinic"}),
            )  # fmt: skip
            session.add(row)
            return _view(row)

    def get(self, room: str, command: str) -> CommandView | None:
        """One command to `room`."""
        with self._database.read() as session:
            row = _row(session, room, command)
            return _view(row) if row else None

    def count(self, room: str) -> int:
        """How many commands there ever were to `room`."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).where(CommandRow.room == room)) or 0

    def listing(self, room: str, offset: int, limit: int) -> list[CommandView]:
        """The room's commands, the newest first."""
        with self._database.read() as session:
            asked = select(CommandRow).where(CommandRow.room == room)
            page = asked.order_by(CommandRow.number.desc()).offset(offset).limit(limit)
            return [_view(row) for row in session.scalars(page)]

    def open(self) -> Sequence[Open]:
        """All commands without an outcome, each room's by number."""
        with self._database.read() as session:
            asked = select(CommandRow).where(CommandRow.outcome == "")
            rows = session.scalars(asked.order_by(CommandRow.room, CommandRow.number))
            return [Open(_view(row), row.envelope) for row in rows]

    def answer(
        self, room: str, command: str, outcome: Outcome, *, problem: str, now_ms: int, reply: str
    ) -> bool:
        """Keep what came of a command; False where that is known already.

        Without the room's `reply` the outcome is the hub's own word, and gives way to the room's.
        """
        with self._database.write() as session:
            row = _row(session, room, command)
            if row is None or row.reply or (row.outcome and not reply):
                return False
            row.outcome, row.problem = outcome.value, problem
            row.answered_ms, row.reply = now_ms, reply
            return True


def _row(session: Session, room: str, command: str) -> CommandRow | None:
    row = session.get(CommandRow, command)
    return row if row is not None and row.room == room else None


def _view(row: CommandRow) -> CommandView:
    return CommandView(
        id=row.id,
        room=row.room,
        number=row.number,
        verb=row.verb,
        actor=row.actor,
        issued_s=row.issued_s,
        expires_s=row.expires_s,
        outcome=Outcome(row.outcome) if row.outcome else None,
        problem=row.problem,
        answered_ms=row.answered_ms,
        replied=bool(row.reply),
    )
