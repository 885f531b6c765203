"""The commands to rooms, and what became of each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.fleet.schemas import CommandView
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.command import CommandReply


class CommandRow(Base):
    """A command. `envelope` is what the room is sent; `outcome` is "sent" until it is answered."""

    __tablename__ = "fleet_commands"
    __table_args__ = (Index("ix_fleet_commands_outcome", "outcome"),)

    room: Mapped[str] = mapped_column(
        ForeignKey("fleet_rooms.room", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    verb: Mapped[str] = mapped_column(String(32))
    issued_s: Mapped[int] = mapped_column(BigInteger)
    expires_s: Mapped[int] = mapped_column(BigInteger)
    issued_by: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    problem: Mapped[str] = mapped_column(Text)
    answered_s: Mapped[int] = mapped_column(BigInteger)
    envelope: Mapped[str] = mapped_column(Text)


class CommandStore:
    """Reads and writes them; knows no rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_number(self, room: str) -> int:
        """The number of the next command to a room."""
        query = select(func.max(CommandRow.number)).where(CommandRow.room == room)
        with self._database.read() as session:
            return (session.scalar(query) or 0) + 1

    def add(self, view: CommandView, envelope: bytes) -> bool:
        """Keep a new command; False where its number was taken meanwhile."""
        with self._database.write() as session:
            if session.get(CommandRow, (view.room, view.number)) is not None:
                return False
            session.add(CommandRow(**view.model_dump(), envelope=envelope.decode()))
            return True

    def get(self, room: str, command: str) -> CommandView | None:
        """A command to a room, by its id."""
        query = select(CommandRow).where(CommandRow.room == room, CommandRow.id == command)
        with self._database.read() as session:
            row = session.scalar(query)
            return _view(row) if row else None

    def listing(self, room: str, offset: int, limit: int) -> tuple[list[CommandView], int]:
        """Commands to a room, the newest first, and how many there are."""
        of_room = CommandRow.room == room
        query = select(CommandRow).where(of_room).order_by(CommandRow.number.desc())
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(CommandRow).where(of_room))
            return [_view(row) for row in session.scalars(query.offset(offset).limit(limit))], (
                total or 0
            )

    def owed(self) -> list[tuple[CommandView, bytes]]:
        """All that nobody has answered, with their envelopes, in the order of their numbers."""
        query = select(CommandRow).where(CommandRow.outcome == "sent").order_by(CommandRow.number)
        with self._database.read() as session:
            return [(_view(row), row.envelope.encode()) for row in session.scalars(query)]

    def settle(self, room: str, reply: CommandReply, now_s: int) -> bool:
        """Note what became of a command; False where there is no such, or it was settled before."""
        done = {"outcome": reply.outcome, "problem": reply.problem, "answered_s": now_s}
        return self._settle(done, CommandRow.room == room, CommandRow.id == reply.id)

    def expire(self, room: str, number: int, now_s: int) -> bool:
        """Note that a command was answered by nobody in its time."""
        done = {"outcome": "expired", "answered_s": now_s}
        return self._settle(done, CommandRow.room == room, CommandRow.number == number)

    def _settle(self, values: dict[str, Any], *conditions: Any) -> bool:
        query = update(CommandRow).where(*conditions, CommandRow.outcome == "sent").values(**values)
        with self._database.write() as session:
            return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]  # an update's result has it


def _view(row: CommandRow) -> CommandView:
    return CommandView(**{name: getattr(row, name) for name in CommandView.model_fields})
