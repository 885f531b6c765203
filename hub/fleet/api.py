"""`/api/v1/rooms`: the fleet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, status

from hub.envelope import Answer, ok
from hub.fleet.commands import CommandService
from hub.fleet.schemas import CommandOrder, CommandView, RoomView
from hub.fleet.service import FleetService
from hub.http import Operator, Overseer, Paged, provided

router = APIRouter(prefix="/rooms", tags=["rooms"])

Fleet = Annotated[FleetService, Depends(provided(FleetService))]
Commands = Annotated[CommandService, Depends(provided(CommandService))]


@router.get("")
def list_rooms(_person: Overseer, fleet: Fleet, page: Paged) -> Answer[list[RoomView]]:
    """Rooms by name with what each said of itself last."""
    found = fleet.listing()
    return ok(found[page.offset : page.offset + page.size], page.of(len(found)))


@router.get("/{room}")
def get_room(room: str, _person: Overseer, fleet: Fleet) -> Answer[RoomView]:
    """One room with what it said of itself last."""
    return ok(fleet.get(room))


@router.post("/{room}/commands", status_code=status.HTTP_202_ACCEPTED)
def issue_command(
    room: str, order: CommandOrder, person: Operator, commands: Commands
) -> Answer[CommandView]:
    """Order a room to do something; its outcome is there once the room has replied."""
    return ok(commands.issue(room, order, person.id))


@router.get("/{room}/commands")
def list_commands(
    room: str, _person: Overseer, commands: Commands, page: Paged
) -> Answer[list[CommandView]]:
    """The commands to a room, the newest first."""
    listed = commands.listing(room, page.offset, page.size)
    return ok(listed, page.of(commands.count(room)))


@router.get("/{room}/commands/{command}")
def get_command(
    room: str, command: str, _person: Overseer, commands: Commands
) -> Answer[CommandView]:
    """One command, with its outcome where there is one."""
    return ok(commands.get(room, command))
