"""`/api/v1/audit`: the trail, searched and verified."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from hub.audit.schemas import AuditReport, EntryView, Filters
from hub.audit.service import AuditService
from hub.envelope import Answer, ok
from hub.http import Examiner, Overseer, Page, provided


class _Query(Filters):
    """Filters and page together, so that a misspelt filter is refused and not ignored."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    size: int = Field(default=50, ge=1, le=200)


router = APIRouter(prefix="/audit", tags=["audit"])

Audit = Annotated[AuditService, Depends(provided(AuditService))]


@router.get("")
def search(
    _person: Examiner, audit: Audit, wanted: Annotated[_Query, Query()]
) -> Answer[list[EntryView]]:
    """The newest entries that fit all filters."""
    page = Page(wanted.page, wanted.size)
    found, total = audit.search(wanted, page.offset, page.size)
    return ok(found, page.of(total))


@router.get("/verify")
def verify(_person: Overseer, audit: Audit) -> Answer[AuditReport]:
    """Read the whole trail and check every hash, chain and signature."""
    return ok(audit.verify_all())
