"""`/api/v1/admin`: the site's settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.admin.schemas import SiteChange, SiteVersion
from hub.admin.service import Site
from hub.envelope import Answer, ok
from hub.http import Administrator, Overseer, Paged, provided

router = APIRouter(prefix="/admin", tags=["administration"])

Settings = Annotated[Site, Depends(provided(Site))]


@router.get("/settings")
def settings(_person: Overseer, site: Settings) -> Answer[SiteVersion]:
    """The settings that hold, and since when."""
    return ok(site.newest())


@router.patch("/settings")
def change(body: SiteChange, person: Administrator, site: Settings) -> Answer[SiteVersion]:
    """Change some of them; 409 where the version that was looked at is not the newest."""
    return ok(site.change(body, person.id))


@router.get("/settings/history")
def history(_person: Overseer, site: Settings, page: Paged) -> Answer[list[SiteVersion]]:
    """Every version there was, the newest first."""
    found, total = site.history(page.offset, page.size)
    return ok(found, page.of(total))
