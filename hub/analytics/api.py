"""`/api/v1/analytics`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.analytics.schemas import RouteShare
from hub.analytics.service import Analytics
from hub.envelope import Answer, ok
from hub.http import Overseer, provided

router = APIRouter(prefix="/analytics", tags=["analytics"])


@router.get("/routes")
def routes(
    _person: Overseer, analytics: Annotated[Analytics, Depends(provided(Analytics))]
) -> Answer[list[RouteShare]]:
    """How many turns took each route, the most frequent first."""
    return ok(analytics.routes())
