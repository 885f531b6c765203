"""What the rooms' HTTP faces share: who is calling, and the service that answers.

`app.py` puts the guard and the services on the application's state; a room's API names what
it needs by type, and so imports neither another room nor the wiring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol, TypeVar, cast

from fastapi import Depends, Query, Request

from hub.envelope import Pagination

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """An administrator who signed in; `session` is the id of the session's token."""

    id: str
    email: str
    name: str
    session: str = field(default="", repr=False)


class Guard(Protocol):
    """Tells who is calling."""

    def administrator(self, request: Request) -> Person:
        """The administrator; raises `Unauthorized`."""

    def room(self, request: Request) -> str:
        """The room, by its own token; raises `Unauthorized`."""


def provided(kind: type[T]) -> Callable[[Request], T]:
    """A dependency: the application's one service of `kind`."""

    def service(request: Request) -> T:
        return cast("T", request.app.state.services[kind])

    return service


def administrator(request: Request) -> Person:
    """A dependency: the administrator who calls; raises `Unauthorized`."""
    return cast("Guard", request.app.state.guard).administrator(request)


def room_caller(request: Request) -> str:
    """A dependency: the room that calls; raises `Unauthorized`."""
    return cast("Guard", request.app.state.guard).room(request)


Administrator = Annotated[Person, Depends(administrator)]
RoomCaller = Annotated[str, Depends(room_caller)]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; pages count from 1."""

    page: int
    size: int

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return (self.page - 1) * self.size

    def of(self, total: int) -> Pagination:
        """The envelope's word on it."""
        return Pagination(page=self.page, size=self.size, total=total)


def page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page:
    """A dependency: `?page=…&size=…`."""
    return Page(page, size)


Paged = Annotated[Page, Depends(page)]
