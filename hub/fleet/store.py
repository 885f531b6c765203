"""The table of rooms."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.fleet.schemas import RoomView
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.wire import RoomState


class RoomRow(Base):
    """An enrolled room; `state` is the JSON of its last `RoomState`, empty before."""

    __tablename__ = "fleet_rooms"

    room: Mapped[str] = mapped_column(String(63), primary_key=True)
    machine_public_pem: Mapped[str] = mapped_column(Text)
    certificate_serial: Mapped[str] = mapped_column(String(64))
    enrolled_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text, default="")
    seen_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class RoomStore:
    """Reads and writes the rooms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enrol(self, room: str, public_pem: str, serial: str, now_ms: int) -> None:
        """Register a room, or replace its key and certificate."""
        with self._database.write() as session:
            row = session.get(RoomRow, room)
            if row is None:
                row = RoomRow(room=room, machine_public_pem="", certificate_serial="")
                session.add(row)
            row.machine_public_pem, row.certificate_serial = public_pem, serial
            row.enrolled_ms = now_ms

    def public_pem(self, room: str) -> str | None:
        """The room's machine key."""
        with self._database.read() as session:
            row = session.get(RoomRow, room)
            return row.machine_public_pem if row else None

    def get(self, room: str) -> RoomView | None:
        """One room."""
        with self._database.read() as session:
            row = session.get(RoomRow, room)
            return _view(row) if row else None

    def listing(self) -> list[RoomView]:
        """All rooms by name."""
        with self._database.read() as session:
            return [_view(row) for row in session.scalars(select(RoomRow).order_by(RoomRow.room))]

    def note_state(self, state: RoomState, now_ms: int) -> bool:
        """Keep what a room shows of itself; False for a room that is not enrolled."""
        with self._database.write() as session:
            row = session.get(RoomRow, state.room)
            if row is None:
                return False
            row.state, row.seen_ms = state.model_dump_json(), now_ms
            return True


def _view(row: RoomRow) -> RoomView:
    return RoomView(
        room=row.room,
        enrolled_ms=row.enrolled_ms,
        certificate_serial=row.certificate_serial,
        seen_ms=row.seen_ms,
        state=RoomState.model_validate_json(row.state) if row.state else None,
    )
