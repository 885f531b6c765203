"""The hub's database: SQLite by default, PostgreSQL by URL.

Law: a session either reads, and sees one state, or writes, and holds the only write lock from
its first statement, so a read never turns into a write that another has overtaken. What
`write` committed is on the disk when it returns (SQLite: WAL with synchronous=FULL; PostgreSQL: its
default). On PostgreSQL the write lock is an advisory one, so that both behave alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from voiceassist.errors import BadInput, StoreFull, Unavailable

log = logging.getLogger(__name__)

_BUSY_MS = 15_000
_WRITE_LOCK = 0x7661_6875_62  # the advisory lock's number: "vahub"


class Database:
    """One database with its sessions; thread-safe."""

    def __init__(self, url: str) -> None:
        self.engine = _make_engine(url)
        self._reader = self.engine
        if self.engine.dialect.name == "postgresql":
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self.writer = self.engine.execution_options(begin="IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state; nothing that it changes is kept."""
        with _named_failures(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or nothing at all where the block raises.

        Raises `StoreFull` when the disk is full and `Unavailable` when the database is.
        """
        with (
            _named_failures(),
            Session(self.writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def check(self) -> None:
        """Raises `Unavailable` when the database doesn't answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _make_engine(url: str) -> Engine:
    # rows may hold what people wrote: no error and no log repeats them
    if url.startswith("postgresql://"):
        url = url.replace("://", "+psycopg://", 1)  # the driver that we ship
    sqlite = url.startswith("sqlite")
    engine = create_engine(url, pool_pre_ping=not sqlite, hide_parameters=True)
    if sqlite:
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    else:
        event.listen(engine, "begin", _on_begin_elsewhere)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {kind}")


def _on_begin_elsewhere(connection: Connection) -> None:
    if connection.get_execution_options().get("begin") == "IMMEDIATE":
        # each later statement sees the newest state (READ COMMITTED), which nobody else changes
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except (DataError, OverflowError) as error:
        raise BadInput(
            "a value is beyond what the hub can keep; check numbers and signs"
        ) from error
    except OperationalError as error:
        reason = str(error.orig)
        if "full" in reason:
            raise StoreFull("the hub's disk is full; free space under data_dir") from error
        log.error("the database does not answer: %s", reason)  # noqa: TRY400 - one line
        raise Unavailable("the hub's database does not answer; try again") from error
