"""Brings the database to this release's tables; each migration is one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from hub.storage.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, to: str = "head") -> None:
    """Apply every migration up to `to` that the database has not seen."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with database.engine.execution_options(begin="IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
