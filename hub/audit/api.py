"""`/api/v1/audit`: the trail, searched and verified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from hub.audit.schemas import AuditReport, EntryView, Filters
from hub.audit.service import AuditService
from hub.envelope import Answer, ok
from hub.http import Page


class _Query(Filters):
    """Filters and page together, so that a misspelt filter is refused and not ignored."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    size: int = Field(default=50, ge=1, le=200)


def build_router(service: AuditService, *, administrator: Callable[..., object]) -> APIRouter:
    """`administrator` is the dependency that lets administrators pass and nobody else."""
    router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[Depends(administrator)])

    @router.get("")
    def search(wanted: Annotated[_Query, Query()]) -> Answer[list[EntryView]]:
        """The newest entries that fit all filters."""
        page = Page(wanted.page, wanted.size)
        found, total = service.search(wanted, page.offset, page.size)
        return ok(found, page.of(total))

    @router.get("/verify")
    def verify() -> Answer[AuditReport]:
        """Read the whole trail and check every hash, chain and signature."""
        return ok(service.verify_all())

    return router
