"""The site's settings: what an administrator may change while the hub runs.

What belongs to the machine (addresses, keys, how much it takes) stands in hub.toml and is IT's.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SiteSettings(BaseModel):
    """All of them, with what holds where nobody changed anything.

    `registration`: people may ask for an account. `password_kinds`: passwords must have four kinds
    of signs. `chat_cloud`: typed questions that both judges clear may be asked outside.
    `chat_keep_days`: how long conversations are kept. `voice`: browsers' microphones are heard.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    registration: bool = False
    password_kinds: bool = False
    chat_cloud: bool = True
    chat_keep_days: int = Field(default=30, ge=1, le=3650)
    voice: bool = True


class SiteChange(BaseModel):
    """What to change, left out what stays; `version` is the one that was looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=0, le=2**31)
    registration: bool | None = None
    password_kinds: bool | None = None
    chat_cloud: bool | None = None
    chat_keep_days: int | None = Field(default=None, ge=1, le=3650)
    voice: bool | None = None

    def values(self) -> dict[str, bool | int]:
        """What is to change."""
        given = self.model_dump(exclude={"version"}, exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None}


class SiteVersion(BaseModel):
    """The settings at a version; version 0 is what holds where nobody changed anything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    values: SiteSettings
    changed_ms: int
    changed_by: str
