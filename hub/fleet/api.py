"""`/api/v1/rooms`: the fleet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.envelope import Answer, ok
from hub.fleet.schemas import RoomView
from hub.fleet.service import FleetService
from hub.http import Administrator, provided

router = APIRouter(prefix="/rooms", tags=["rooms"])

Fleet = Annotated[FleetService, Depends(provided(FleetService))]


@router.get("")
def list_rooms(_person: Administrator, fleet: Fleet) -> Answer[list[RoomView]]:
    """All rooms with what each said of itself last."""
    return ok(fleet.listing())
