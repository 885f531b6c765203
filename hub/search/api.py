"""`POST /api/v1/search`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.envelope import Answer, Pagination, ok
from hub.http import Member, provided
from hub.search.schemas import SearchRequest, SearchResult
from hub.search.service import Search

router = APIRouter(tags=["search"])

Service = Annotated[Search, Depends(provided(Search))]


@router.post("/search")
def search(body: SearchRequest, _person: Member, service: Service) -> Answer[list[SearchResult]]:
    """The passages of the published library that fit best, the best first."""
    found = service.find(body)
    return ok(found, Pagination(page=1, size=body.limit, total=len(found)))
