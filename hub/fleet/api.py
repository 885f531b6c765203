"""`/api/v1/rooms`: the fleet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.envelope import Answer, ok
from hub.fleet.schemas import RoomView
from hub.fleet.service import FleetService
from hub.http import Overseer, provided

router = APIRouter(prefix="/rooms", tags=["rooms"])

Fleet = Annotated[FleetService, Depends(provided(FleetService))]


@router.get("")
def list_rooms(_person: Overseer, fleet: Fleet) -> Answer[list[RoomView]]:
    """All rooms with what each said of itself last."""
    return ok(fleet.listing())
