"""A hub's audit room over a database of its own, and rooms' chains to feed it with."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import text

from hub.audit.schemas import Filters
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tables import TABLES, QuarantineRow
from hub.audit.tree import Words
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.ledger import (
    TURN,
    Ack,
    Entry,
    Head,
    Sealed,
    follow,
    open_ack,
    sign_checkpoint,
)
from voiceassist.contract.note import open_note
from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.contract.wire import JournalBatch

HUB = Signer(Ed25519PrivateKey.from_private_bytes(b"h" * 32))
ROOM = Signer(Ed25519PrivateKey.from_private_bytes(b"r" * 32))


class Keys:
    def __init__(self) -> None:
        self.rooms: dict[str, Ed25519PublicKey] = {"room-1": ROOM.public, "room-2": ROOM.public}

    def key(self, room: str) -> Ed25519PublicKey | None:
        return self.rooms.get(room)


class Ticks:
    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def wall_ms(self) -> int:
        self.now += 1
        return self.now

    def mono_ms(self) -> int:
        return self.wall_ms()

    def synced(self) -> bool:
        return True


class Trail:
    """A hub's audit room over a database of its own."""

    def __init__(self, folder: Path, number: int = 0) -> None:
        self.path = folder / "hub.sqlite"
        self.database = Database(f"sqlite:///{self.path}")
        Base.metadata.create_all(
            self.database.engine,
            tables=[kind.__table__ for kind in TABLES],  # type: ignore[misc]
        )
        self.clock = Ticks()
        epochs = itertools.count(1 + number)
        self.service = AuditService(
            AuditStore(self.database),
            Keys(),
            HUB,
            self.clock,
            boot="boot",
            epoch=lambda: f"hub-{next(epochs)}",
            clinic="north",
        )

    def ingest(self, payload: bytes, room: str = "room-1") -> Ack | None:
        signed = self.service.ingest(room, payload)
        return open_ack(signed, KeyRing([HUB.public])) if signed else None

    def run(self, statement: str) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(text(statement))

    def newest(self) -> str:
        """The hub's newest signed note."""
        with self.database.read() as session:
            word = Words(session).newest()
            assert word is not None
            return word.note

    def seen(self, payload: bytes, note: str) -> bytes:
        """A batch of a room that knows `note`."""
        head = open_note(note, [HUB.public])
        message = JournalBatch.model_validate_json(payload)
        told = message.model_copy(update={"log": head.number, "seen": head.size})
        return told.model_dump_json().encode()

    def alarms(self) -> list[str]:
        found, _total = self.service.search(Filters(action="audit.alarm"), 0, 100)
        return [entry.outcome for entry in reversed(found)]

    def quarantine(self) -> list[tuple[str, int]]:
        with self.database.read() as session:
            rows = session.query(QuarantineRow).order_by(QuarantineRow.received_ms)
            return [(row.reason, row.released_ms) for row in rows]


def chain(
    length: int,
    *,
    box: str = "room-1",
    epoch: str = "e1",
    after: Sequence[bytes] = (),
    outcome: str = "answered",
) -> list[bytes]:
    """`length` entries that continue `after`."""
    head = Head(box, epoch)
    for one in after:
        head, _ = follow(head, Sealed.from_bytes(one))
    made = []
    for _ in range(length):
        entry = Entry(
            box=box,
            epoch=epoch,
            seq=head.seq + 1,
            previous=head.hash,
            wall_ms=1_600_000_000_000 + head.seq,
            synced=True,
            mono_ms=head.seq,
            boot="b",
            actor=box,
            action=TURN,
            outcome=outcome,
            subject=f"t{head.seq}",
            detail={"route": "hub" if head.seq % 3 else "room"},
        )
        head, _ = follow(head, Sealed.of(entry))
        made.append(Sealed.of(entry).data)
    return made


def batch(chained: Sequence[bytes], signer: Signer = ROOM, **changes: object) -> bytes:
    last = Sealed.from_bytes(chained[-1])
    entry = last.entry()
    head = Head(entry.box, entry.epoch, entry.seq, last.hash)
    values = {
        "box": entry.box,
        "epoch": entry.epoch,
        "first": Sealed.from_bytes(chained[0]).entry().seq,
        "entries": tuple(base64.b64encode(one).decode() for one in chained),
        "head": sign_checkpoint(head, 5, signer),
        **changes,
    }
    return JournalBatch.model_validate(values).model_dump_json().encode()
