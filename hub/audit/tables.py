"""The audit room's tables. Entries are only ever added."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base
from voiceassist.contract.ledger import Entry, Sealed

_Id = String(64)


class EntryRow(Base):
    """One entry: its bytes as the box sealed them, and what of them is searched by.

    `position` counts the whole log from 1 without gaps.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("box", "epoch", "seq"),
        Index("ix_audit_entries_box_wall_ms", "box", "wall_ms"),
        Index("ix_audit_entries_actor_wall_ms", "actor", "wall_ms"),
        Index("ix_audit_entries_action_wall_ms", "action", "wall_ms"),
        Index("ix_audit_entries_outcome_wall_ms", "outcome", "wall_ms"),
        Index("ix_audit_entries_subject_wall_ms", "subject", "wall_ms"),
        Index("ix_audit_entries_wall_ms", "wall_ms"),
        Index("ix_audit_entries_action_outcome", "action", "outcome", "wall_ms"),
        Index("ix_audit_entries_action_route", "action", "route"),
    )

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    box: Mapped[str] = mapped_column(_Id)
    epoch: Mapped[str] = mapped_column(_Id)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(_Id)
    wall_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    received_ms: Mapped[int] = mapped_column(BigInteger)


class HeadRow(Base):
    """Where one journal stands, and the box's signed word on it: the newest `Checkpoint`."""

    __tablename__ = "audit_heads"

    box: Mapped[str] = mapped_column(_Id, primary_key=True)
    epoch: Mapped[str] = mapped_column(_Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(_Id)
    boot: Mapped[str] = mapped_column(Text)
    mono_ms: Mapped[int] = mapped_column(BigInteger)
    checkpoint: Mapped[str] = mapped_column(Text)
    public_pem: Mapped[str] = mapped_column(Text)
    updated_ms: Mapped[int] = mapped_column(BigInteger)


class QuarantineRow(Base):
    """A batch that was not taken, as it came. `reason` is one of `service.Reason`.

    `released_ms` is set when the journal has caught up with a gap; rows are never deleted.
    """

    __tablename__ = "audit_quarantine"

    sha256: Mapped[str] = mapped_column(_Id, primary_key=True)
    room: Mapped[str] = mapped_column(_Id, index=True)
    reason: Mapped[str] = mapped_column(_Id)
    problem: Mapped[str] = mapped_column(Text)
    epoch: Mapped[str] = mapped_column(_Id)
    last: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    received_ms: Mapped[int] = mapped_column(BigInteger)
    released_ms: Mapped[int] = mapped_column(BigInteger)


class PrunedRow(Base):
    """Up to which entry a journal was pruned, and where in the log that entry was."""

    __tablename__ = "audit_pruned"

    box: Mapped[str] = mapped_column(_Id, primary_key=True)
    epoch: Mapped[str] = mapped_column(_Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(_Id)
    position: Mapped[int] = mapped_column(BigInteger)


class LogRow(Base):
    """A log of this clinic, by number; the newest is written to.

    Its first `after` entries are those that the hub still had of the log before.
    """

    __tablename__ = "audit_logs"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    after: Mapped[int] = mapped_column(BigInteger)


class TileRow(Base):
    """Up to 256 hashes of 32 bytes of the log's tree: see `tree.py`."""

    __tablename__ = "audit_tiles"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class WordRow(Base):
    """The newest signed note of an hour on the log of that number and size, and who signed it."""

    __tablename__ = "audit_words"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text)
    public_pem: Mapped[str] = mapped_column(Text)


TABLES = (EntryRow, HeadRow, QuarantineRow, PrunedRow, LogRow, TileRow, WordRow)


def searchable(sealed: Sealed, entry: Entry) -> dict[str, str | int | bytes]:
    """The columns of an entry that follow from its bytes."""
    route = entry.detail.get("route", "")
    return {
        "box": entry.box,
        "epoch": entry.epoch,
        "seq": entry.seq,
        "hash": sealed.hash,
        "wall_ms": entry.wall_ms,
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome,
        "subject": entry.subject,
        "route": route if isinstance(route, str) else "",
        "data": sealed.data,
    }
