from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from hub.auth.store import AuthStore
from hub.storage.base import Base
from hub.storage.engine import Database
from hub.storage.migrate import downgrade, migrate
from hub.wiring import Rooms
from voiceassist.errors import StoreFull, WrongUse


def test_migrations_make_exactly_the_tables_that_the_code_names(tmp_path: Path) -> None:
    """A table or column that no migration makes, or that nobody names, is found here."""
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    migrate(database)
    migrate(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_what_was_recorded_under_the_old_hashes_is_kept(tmp_path: Path) -> None:
    """A log of before the tree stays in the database, in tables that say so."""
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    migrate(database, "0002")
    with database.write() as session:
        values = "1, 'hub', 'e', 1, 'h', 1, 'a', 'a', 'o', 's', '', 'd', 1"
        session.execute(text(f"INSERT INTO audit_entries VALUES ({values})"))
    migrate(database)
    with database.read() as session:
        for table, rows in (("audit_entries_before_0003", 1), ("audit_entries", 0)):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == rows
    database.close()


def test_the_database_is_durable_and_keeps_its_references(rooms: Rooms) -> None:
    """What is committed is on the disk, and no row points at nothing."""
    with rooms.database.read() as session:
        values = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_write_that_fails_leaves_nothing(rooms: Rooms) -> None:
    """All of a block or none of it."""

    def half() -> None:
        with rooms.database.write() as session:
            session.execute(text("INSERT INTO auth_setup VALUES ('x', 1)"))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half"):
        half()
    with rooms.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM auth_setup")).scalar() == 0


def test_a_full_disk_is_told_as_such(rooms: Rooms) -> None:
    """The error says that the disk is full and what to free."""
    with rooms.database.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar()

    def fill() -> None:
        with rooms.database.write() as session:
            session.execute(text(f"PRAGMA max_page_count={pages}"))
            filler = "x" * 1_000_000
            session.execute(text("INSERT INTO auth_setup VALUES (:x, 1)"), {"x": filler})

    with pytest.raises(StoreFull, match="free space"):
        fill()


def test_writers_wait_for_each_other(rooms: Rooms) -> None:
    """Many threads that read and then write lose no update and meet no locked database."""
    with rooms.database.write() as session:
        session.execute(text("INSERT INTO auth_setup VALUES ('count', 0)"))

    def add() -> None:
        for _ in range(10):
            with rooms.database.write() as session:
                query = text("SELECT created_ms FROM auth_setup WHERE code_hash = 'count'")
                value = session.execute(query).scalar_one()
                session.execute(text("UPDATE auth_setup SET created_ms = :v"), {"v": value + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with rooms.database.read() as session:
        assert session.execute(text("SELECT created_ms FROM auth_setup")).scalar() == 40


def test_migrations_go_down_and_up_again(tmp_path: Path) -> None:
    """An update can be taken back on an empty hub, step by step, and made again."""
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    migrate(database)
    for revision in ("0005", "0004", "0003", "0002", "0001", "base"):
        downgrade(database, revision)
    migrate(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_going_back_never_loses_the_log(rooms: Rooms) -> None:
    """A downgrade that the log would not survive is refused, and changes nothing."""
    rooms.audit.record(action="t.t", outcome="done", subject="", actor="t", detail={})
    with pytest.raises(WrongUse, match="restore the copy"):
        downgrade(rooms.database, "0002")
    assert rooms.audit.verify_all().ok


def test_an_administrator_of_before_stays_one(tmp_path: Path) -> None:
    """Who had an account before there were roles is an administrator, down and up again."""
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    migrate(database, "0003")
    with database.write() as session:
        values = "'i', 'a@b.example', 'A', 'hash', 1, 'salt'"
        columns = "id, email, name, password_hash, created_ms, salt"
        session.execute(text(f"INSERT INTO auth_users ({columns}) VALUES ({values})"))
    migrate(database)
    downgrade(database, "0003")
    migrate(database)
    account = AuthStore(database).by_email("a@b.example")
    assert account is not None
    assert (account.role, account.state, account.salt) == ("administrator", "active", "salt")
    database.close()
