"""`/api/v1/analytics`: figures for the dashboard and for whoever looks after the clinic."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from hub.analytics.schemas import RouteShare, Summary
from hub.analytics.service import Analytics
from hub.envelope import Answer, ok
from hub.http import Overseer, provided

router = APIRouter(prefix="/analytics", tags=["analytics"])

Service = Annotated[Analytics, Depends(provided(Analytics))]


@router.get("/routes")
def routes(_person: Overseer, analytics: Service) -> Answer[list[RouteShare]]:
    """How many turns took each route since the beginning, the most frequent first."""
    return ok(analytics.routes())


@router.get("/summary")
def summary(
    _person: Overseer, analytics: Service, days: Annotated[int, Query(ge=1, le=90)] = 7
) -> Answer[Summary]:
    """Turns, routes, latency, refusals, devices and escalations of the last days."""
    return ok(analytics.summary(days))
