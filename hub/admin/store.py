"""Every version of the site's settings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.admin.schemas import SiteSettings, SiteVersion
from hub.storage.base import Base
from hub.storage.engine import Database


class SettingsRow(Base):
    """The settings at one version, as JSON; versions are never changed, only followed."""

    __tablename__ = "site_settings"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    data: Mapped[str] = mapped_column(Text)
    changed_ms: Mapped[int] = mapped_column(BigInteger)
    changed_by: Mapped[str] = mapped_column(String(64))


class SiteStore:
    """Reads and appends versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> SiteVersion:
        """The version that holds."""
        with self._database.read() as session:
            row = session.scalar(select(SettingsRow).order_by(SettingsRow.version.desc()).limit(1))
            return _view(row)

    def listing(self, offset: int, limit: int) -> tuple[list[SiteVersion], int]:
        """Versions, the newest first, and how many there are."""
        query = select(SettingsRow).order_by(SettingsRow.version.desc())
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(SettingsRow)) or 0
            return [_view(row) for row in session.scalars(query.offset(offset).limit(limit))], total

    def append(self, made: SiteVersion) -> bool:
        """Keep the next version; False where it is not the next one."""
        with self._database.write() as session:
            newest = session.scalar(select(func.max(SettingsRow.version))) or 0
            if made.version != newest + 1:
                return False
            session.add(
                SettingsRow(
                    version=made.version,
                    data=made.values.model_dump_json(),
                    changed_ms=made.changed_ms,
                    changed_by=made.changed_by,
                )
            )
            return True


def _view(row: SettingsRow | None) -> SiteVersion:
    if row is None:
        return SiteVersion(version=0, values=SiteSettings(), changed_ms=0, changed_by="")
    return SiteVersion(
        version=row.version,
        values=SiteSettings.model_validate_json(row.data),
        changed_ms=row.changed_ms,
        changed_by=row.changed_by,
    )
