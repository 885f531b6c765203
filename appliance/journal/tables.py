"""The journal's file: its tables, and what SQLite's failures mean to a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.journal import witness
from voiceassist.contract.wire import BATCH_BYTES
from voiceassist.errors import StoreFull, Unavailable, Unverified

_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    box TEXT NOT NULL,
    epoch TEXT NOT NULL,
    acked INTEGER NOT NULL,        -- the hub has all up to this entry
    ack TEXT NOT NULL,             -- its signed word on that, as it came
    base_seq INTEGER NOT NULL,     -- entries up to this one were pruned
    base_hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS word (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    envelope TEXT NOT NULL         -- the box's signature over its last entry
) STRICT;
"""
_FORM = 2  # an entry's hash is a leaf of the hub's log; 0: before that
_FRAME_BYTES = 2048  # a batch's own fields, its signature included
_BUSY_S = 10.0
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def connect(path: Path, *, box: str, epoch: Callable[[], str], genesis: str) -> sqlite3.Connection:
    """Open the journal of `box`, or begin a new one named by `epoch`.

    A commit on the connection is on the disk when it returns (WAL, synchronous=FULL). Raises
    `StoreFull`, `Unavailable` or `Unverified`.
    """
    with named_failures(path):
        db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        _of_this_form(db, path)
        db.executescript(_TABLES + witness.TABLES)
        db.execute(
            "INSERT OR IGNORE INTO journal VALUES (1, ?, ?, 0, '', 0, ?)", (box, epoch(), genesis)
        )
    return db


def _of_this_form(db: sqlite3.Connection, path: Path) -> None:
    form = db.execute("PRAGMA user_version").fetchone()[0]
    if form != _FORM and db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        db.close()
        raise Unverified(
            f"the journal {path} is of another release; keep it for IT and move it aside"
        )
    db.execute(f"PRAGMA user_version={_FORM}")


def fitting(db: sqlite3.Connection, after: int, limit: int) -> list[bytes]:
    """The entries after number `after` that fit one message, `limit` at most."""
    room = BATCH_BYTES - _FRAME_BYTES
    entries = []
    for (data,) in db.execute(
        "SELECT data FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
    ):
        room -= (len(data) + 2) // 3 * 4 + 3  # as base64 between quotes
        if room < 0:
            break
        entries.append(data)
    return entries


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing, durable at its end, while no other process writes."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back when the disk is full
            db.execute("ROLLBACK")
        raise


@contextmanager
def named_failures(path: Path) -> Iterator[None]:
    """Turn SQLite's failures into ours: full, broken, or away."""
    try:
        yield
    except sqlite3.Error as error:
        if is_full(error):
            raise StoreFull(f"the disk is full: {path} can't grow; free space on it") from error
        if _code(error) in _BROKEN:
            raise Unverified(
                f"the journal {path} is damaged; keep the file for IT and move it aside"
            ) from error
        raise Unavailable(f"the journal {path} can't be used ({error}); check its disk") from error


def is_full(error: sqlite3.Error) -> bool:
    """Whether the disk could not take more."""
    return _code(error) in _FULL


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF  # the primary code
