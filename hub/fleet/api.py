"""`/api/v1/rooms`: the fleet, and commands to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from hub.envelope import Answer, ok
from hub.fleet.commands import RoomCommands
from hub.fleet.schemas import CommandRequest, CommandView, RoomView
from hub.fleet.service import FleetService
from hub.http import Operator, Overseer, Paged, provided

router = APIRouter(prefix="/rooms", tags=["rooms"])

Fleet = Annotated[FleetService, Depends(provided(FleetService))]
Orders = Annotated[RoomCommands, Depends(provided(RoomCommands))]
Name = Annotated[str, Path(max_length=63)]
CommandId = Annotated[str, Path(max_length=64)]


@router.get("")
def list_rooms(_person: Overseer, fleet: Fleet, page: Paged) -> Answer[list[RoomView]]:
    """All rooms with what each said of itself last."""
    found = fleet.listing()
    return ok(found[page.offset : page.offset + page.size], page.of(len(found)))


@router.get("/{room}")
def get_room(room: Name, _person: Overseer, fleet: Fleet) -> Answer[RoomView]:
    """One room with what it said of itself last."""
    return ok(fleet.get(room))


@router.post("/{room}/commands", status_code=HTTPStatus.ACCEPTED)
def command(
    room: Name, body: CommandRequest, person: Operator, orders: Orders
) -> Answer[CommandView]:
    """Tell a room to do something; what became of it is told at the command's own address."""
    return ok(orders.issue(room, body.verb, body.expires_in_s, person.id))


@router.get("/{room}/commands")
def list_commands(
    room: Name, _person: Overseer, orders: Orders, page: Paged
) -> Answer[list[CommandView]]:
    """What a room was told, the newest first."""
    found, total = orders.listing(room, page.offset, page.size)
    return ok(found, page.of(total))


@router.get("/{room}/commands/{command}")
def get_command(
    room: Name, command: CommandId, _person: Overseer, orders: Orders
) -> Answer[CommandView]:
    """One command, and what became of it."""
    return ok(orders.get(room, command))
