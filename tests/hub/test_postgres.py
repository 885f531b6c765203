"""What the hub's rooms promise, on PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from hub.settings import HubSettings
from hub.storage.base import Base
from hub.storage.engine import Database
from hub.storage.migrate import downgrade, migrate
from hub.wiring import Rooms
from tests.hub import (
    postgres,
    test_chat,
    test_sessions,
    test_site_settings,
    test_storage,
    test_users,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with (
        tempfile.TemporaryDirectory(prefix="pg") as folder,
        postgres.running(Path(folder) / "s") as made,
    ):
        yield made


@pytest.fixture
def settings(settings: HubSettings, server: postgres.Server) -> Iterator[HubSettings]:
    with server.database() as url:
        yield settings.model_copy(update={"database_url": url})


# the same promises and their fixtures
test_writers_wait_for_each_other = test_storage.test_writers_wait_for_each_other
for module in (test_users, test_sessions, test_chat, test_site_settings):
    globals().update({name: one for name, one in vars(module).items() if name not in globals()})


def test_the_hub_really_runs_on_it(rooms: Rooms) -> None:
    """The tests above are of PostgreSQL and of nothing else."""
    assert rooms.database.engine.dialect.name == "postgresql"


def test_migrations_go_up_and_down(server: postgres.Server) -> None:
    """Up, down to nothing and up again ends with exactly the tables that the code names."""
    with server.database("template0") as url:
        database = Database(url)
        migrate(database)
        downgrade(database, "base")
        migrate(database)
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
        database.close()


async def test_the_trail_is_taken_in_and_verified(hub: Any) -> None:
    """Entries, proofs and searches of the log work, and an altered entry is found."""
    headers = await hub.sign_in()
    for number in range(300):
        hub.rooms.audit.record(
            action="t.t", outcome="done", subject=str(number), actor="t", detail={"n": number}
        )
    answer = await hub.client.get("/api/v1/audit/verify", headers=headers)
    assert answer.json()["data"]["ok"] is True
    found = await hub.client.get("/api/v1/audit?action=t.t&size=3", headers=headers)
    assert [one["subject"] for one in found.json()["data"]] == ["299", "298", "297"]
    with hub.rooms.database.write() as session:
        session.execute(text("UPDATE audit_entries SET actor = 'x' WHERE position = 100"))
    assert not hub.rooms.audit.verify_all().ok
