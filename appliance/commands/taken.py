"""The numbers of the commands that this room has taken, and what came of each, on the disk.

Law: a number that was kept is never taken again, nor is one below it. Each call is one SQLite
transaction (WAL, synchronous=FULL): a crash leaves it done or not begun.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from voiceassist.contract.command import Command, Outcome
from voiceassist.errors import Unavailable

_TABLE = """
CREATE TABLE IF NOT EXISTS taken (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    outcome TEXT NOT NULL,         -- empty until it is over
    problem TEXT NOT NULL
) STRICT;
"""
_REMEMBERED = 200  # more than the hub has without a reply; the last one is among them
_BUSY_S = 10.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A command that was taken; `outcome` is None where the room ended before it was over."""

    id: str
    outcome: Outcome | None
    problem: str


class TakenStore:
    """The file at `path`, opened at each call: what is wrong with it must not stop the room.

    Every method raises `Unavailable` where the file can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> int:
        """The highest number that was taken, 0 where none was."""
        with self._opened() as db:
            return int(db.execute("SELECT coalesce(max(number), 0) FROM taken").fetchone()[0])

    def find(self, number: int) -> Taken | None:
        """What was taken under `number`."""
        with self._opened() as db:
            row = db.execute(
                "SELECT id, outcome, problem FROM taken WHERE number = ?", (number,)
            ).fetchone()
        return Taken(row[0], Outcome(row[1]) if row[1] else None, row[2]) if row else None

    def keep(self, command: Command) -> None:
        """Take a command's number; durable on return."""
        with self._opened() as db:
            db.execute("INSERT INTO taken VALUES (?, ?, '', '')", (command.number, command.id))
            db.execute(
                "DELETE FROM taken WHERE number NOT IN"
                " (SELECT number FROM taken ORDER BY number DESC LIMIT ?)",
                (_REMEMBERED,),
            )

    def finish(self, number: int, outcome: Outcome, problem: str) -> None:
        """Keep what came of it; durable on return."""
        with self._opened() as db:
            db.execute(
                "UPDATE taken SET outcome = ?, problem = ? WHERE number = ?",
                (outcome.value, problem, number),
            )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=_BUSY_S)) as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                db.execute(_TABLE)
                with db:
                    yield db
        except sqlite3.Error as error:
            raise Unavailable(
                f"{self._path} can't be used ({error}), so no command is taken; check its disk"
            ) from error
