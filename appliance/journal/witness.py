"""What the box has kept of the hub's log, in the journal's file.

The newest word is what the next one must continue; those that were refused are evidence.
"""

from __future__ import annotations

import sqlite3

from voiceassist.contract.note import LogHead

TABLES = """
CREATE TABLE IF NOT EXISTS witnessed (
    at INTEGER PRIMARY KEY,
    clinic TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    refused INTEGER NOT NULL       -- 0: kept, 1: refused, 2: the same, before the newest kept
) STRICT;
"""
_REFUSED = 64


def kept(db: sqlite3.Connection) -> LogHead | None:
    """The newest word that was believed."""
    row = db.execute(
        "SELECT clinic, number, size, root FROM witnessed WHERE refused = 0"
        " ORDER BY at DESC LIMIT 1"
    ).fetchone()
    return LogHead(*row) if row else None


def keep(db: sqlite3.Connection, told: LogHead, note: str) -> None:
    """Believe `told` from now on."""
    _add(db, told, note, refused=False)
    db.execute("UPDATE witnessed SET refused = 2 WHERE refused = 1")
    db.execute("DELETE FROM witnessed WHERE refused = 0 AND at < (SELECT max(at) FROM witnessed)")


def refuse(db: sqlite3.Connection, told: LogHead, note: str) -> bool:
    """Keep a word that contradicts; whether it is the first since one was believed."""
    before = db.execute("SELECT count(*) FROM witnessed WHERE refused = 1").fetchone()[0]
    if before < _REFUSED:
        _add(db, told, note, refused=True)
    return not before


def notes(db: sqlite3.Connection) -> list[str]:
    """The signed notes to hold against the hub's log: all that were refused, the newest kept."""
    rows = db.execute(
        "SELECT note FROM witnessed WHERE refused > 0 OR at ="
        " (SELECT max(at) FROM witnessed WHERE refused = 0) ORDER BY at"
    )
    return [str(row[0]) for row in rows]


def _add(db: sqlite3.Connection, told: LogHead, note: str, *, refused: bool) -> None:
    db.execute(
        "INSERT INTO witnessed (clinic, number, size, root, note, refused) VALUES (?,?,?,?,?,?)",
        (told.clinic, told.number, told.size, told.root, note, refused),
    )
