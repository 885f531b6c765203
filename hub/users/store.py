"""People's own settings."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base
from hub.storage.engine import Database
from hub.users.schemas import Preferences


class PreferencesRow(Base):
    """A person's settings as JSON; no row is none changed."""

    __tablename__ = "user_preferences"

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class PreferencesStore:
    """Reads and writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, user: str) -> Preferences:
        """A person's settings."""
        with self._database.read() as session:
            row = session.get(PreferencesRow, user)
            return Preferences.model_validate_json(row.data) if row else Preferences()

    def put(self, user: str, preferences: Preferences) -> None:
        """Replace them."""
        with self._database.write() as session:
            session.merge(PreferencesRow(user_id=user, data=preferences.model_dump_json()))
