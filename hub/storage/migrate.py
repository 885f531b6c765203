"""Brings the database to this release's tables; each migration is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config

from hub.storage.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, to: str = "head") -> None:
    """Apply every migration up to `to` that the database has not seen."""
    _run(command.upgrade, database, to)


def downgrade(database: Database, to: str) -> None:
    """Take back every migration after `to`; raises `WrongUse` where that would lose the log."""
    _run(command.downgrade, database, to)


def _run(step: Callable[[Config, str], None], database: Database, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        step(config, to)
