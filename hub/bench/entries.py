"""Journals to measure with: chains as boxes make them, and rows as the hub keeps them."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.tables import TABLES
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.ledger import TURN, Entry, Head, Sealed, sign_checkpoint
from voiceassist.contract.signing import Signer
from voiceassist.contract.wire import BATCH_ENTRIES, JournalBatch

BEGAN_MS = 1_700_000_000_000
_INSERT = "INSERT INTO audit_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_OUTCOMES = ("answered", "answered", "answered", "not_found", "held", "refused")


def signer(name: str) -> Signer:
    """The key of a box of that name, the same in every run."""
    return Signer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def sealed_entries(box: str, count: int) -> Iterator[tuple[Sealed, Entry]]:
    """A chain of turns, of the size that turns have (450 bytes)."""
    head = Head(box, "e")
    for n in range(count):
        entry = Entry(
            box=box, epoch="e", seq=n + 1, previous=head.hash, wall_ms=BEGAN_MS + n * 2000,
            synced=True, mono_ms=n * 2000, boot="b" * 32, actor=box, action=TURN,
            outcome=_OUTCOMES[n % len(_OUTCOMES)],
            subject=hashlib.sha256(b"%d" % n).hexdigest()[:32],
            detail={
                "route": "hub" if n % 3 else "room",
                "verdict": ["cleared"],
                "sources": ["influenza-2024#12", "influenza-2024#13"],
                "ms": {"stt": 412, "gate": 8, "search": 31, "answer": 66, "speech": 120},
            },
        )  # fmt: skip
        sealed = Sealed.of(entry)
        head = Head(box, "e", entry.seq, sealed.hash, entry.boot, entry.mono_ms)
        yield sealed, entry


def batches(box: str, count: int, size: int = BATCH_ENTRIES) -> list[bytes]:
    """The chain as it travels: signed batches of `size` entries."""
    key, made, part = signer(box), list[bytes](), list[bytes]()
    for sealed, entry in sealed_entries(box, count):
        part.append(sealed.data)
        if len(part) == size or entry.seq == count:
            end = Head(box, "e", entry.seq, sealed.hash)
            batch = JournalBatch(
                box=box, epoch="e", first=entry.seq - len(part) + 1,
                entries=tuple(base64.b64encode(one).decode() for one in part),
                head=sign_checkpoint(end, entry.wall_ms, key),
            )  # fmt: skip
            made.append(batch.model_dump_json().encode())
            part = []
    return made


def empty_log(path: Path) -> Database:
    """A database with the audit room's tables alone."""
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine, tables=[kind.__table__ for kind in TABLES])  # type: ignore[misc]
    return database


def bare_rows(path: Path, rows: list[tuple[object, ...]], size: int) -> None:
    """The same rows into the same tables and indexes by SQLite alone, `size` a FULL commit."""
    empty_log(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    for first in range(0, len(rows), size):
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_INSERT, rows[first : first + size])
        db.execute("COMMIT")
    db.close()


def as_row(position: int, sealed: Sealed, entry: Entry) -> tuple[object, ...]:
    """An entry as its row."""
    return (
        position, entry.box, entry.epoch, entry.seq, sealed.hash, entry.wall_ms, entry.actor,
        entry.action, entry.outcome, entry.subject, entry.detail["route"], sealed.data, BEGAN_MS,
    )  # fmt: skip


def many_rows(path: Path, count: int, boxes: int) -> None:
    """A log of `count` short rows of many boxes, people and actions, for searching in."""
    empty_log(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000")
    indexes = db.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _sql in indexes:
        db.execute(f"DROP INDEX {name}")
    db.execute("BEGIN")
    db.execute(
        f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
        INSERT INTO audit_entries SELECT i, 'room-' || (i * 7919 % {boxes}), 'e', i,
        printf('%064x', i), {BEGAN_MS} + i * 18,
        CASE WHEN i % 50 = 0 THEN 'user-' || (i * 104729 % 997) ELSE 'room-' || (i % {boxes}) END,
        CASE WHEN i % 100003 = 0 THEN 'audit.alarm' WHEN i % 50 = 0 THEN 'auth.login'
        WHEN i % 10 = 0 THEN 'turn.composed' ELSE 'turn.answered' END,
        CASE WHEN i % 997 = 0 THEN 'failed' WHEN i % 7 = 0 THEN 'held' ELSE 'answered' END,
        printf('%032x', i * 15485863 % {count}), CASE WHEN i % 3 = 0 THEN 'room' ELSE 'hub' END,
        CAST(printf('%0120d', i) AS BLOB), {BEGAN_MS} + i * 18 FROM n"""  # noqa: S608
    )
    for _name, sql in indexes:
        db.execute(sql)
    db.execute("COMMIT")
    db.execute("ANALYZE")
    db.close()
