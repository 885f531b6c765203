"""What the rooms' HTTP faces share: who is calling, what their role allows, who answers.

Law: every route names who may call it, by one of the dependencies here; a test walks all routes
and fails for one that names nobody.

`app.py` puts the guard and the services on the application's state; a room's API names what
it needs by type, and so imports neither another room nor the wiring.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Protocol, TypeVar, cast

from fastapi import Depends, Query
from starlette.requests import HTTPConnection

from hub.envelope import Pagination
from hub.errors import Forbidden

T = TypeVar("T")


class Role(StrEnum):
    """What a person does at the clinic."""

    CLINICIAN = "clinician"
    IT = "it"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in. `session` is the session's id, `expires_s` when its token ends (Unix seconds).

    `enrolling`: the second factor that the role demands is not set up yet, so that nothing else
    is allowed.
    """

    id: str
    email: str
    name: str
    role: Role = Role.ADMINISTRATOR
    session: str = field(default="", repr=False)
    expires_s: int = 0
    enrolling: bool = False


class Guard(Protocol):
    """Tells who is calling."""

    async def person(self, request: HTTPConnection) -> Person:
        """Who signed in; raises `Unauthorized`."""

    def room(self, request: HTTPConnection) -> str:
        """The room, by its own token; raises `Unauthorized`."""


def provided(kind: type[T]) -> Callable[[HTTPConnection], Awaitable[T]]:
    """A dependency: the application's one service of `kind`."""

    async def service(request: HTTPConnection) -> T:  # async: a thread would only cost time
        return cast("T", request.app.state.services[kind])

    return service


class Allowed:
    """A dependency: the person who calls, where their role is one of `roles`.

    `even_enrolling` lets those pass who have yet to set up their second factor.
    """

    def __init__(self, *roles: Role, even_enrolling: bool = False) -> None:
        self.roles = frozenset(roles)
        self._even_enrolling = even_enrolling

    async def __call__(self, request: HTTPConnection) -> Person:
        """Raises `Unauthorized`, or `Forbidden` for another role."""
        person = await cast("Guard", request.app.state.guard).person(request)
        self.check(person)
        return person

    def check(self, person: Person) -> None:
        """Raises `Forbidden` unless `person` may."""
        if person.enrolling and not self._even_enrolling:
            raise Forbidden(
                "set up your second factor first: POST /api/v1/auth/second-factor, then /confirm"
            )
        if person.role not in self.roles:
            raise Forbidden(f"this is not for the role {person.role}; ask an administrator")


class RoomOnly:
    """A dependency: the room that calls."""

    def __call__(self, request: HTTPConnection) -> str:
        """Raises `Unauthorized`."""
        return cast("Guard", request.app.state.guard).room(request)


class Open:
    """A dependency that says of a route that anyone may call it."""

    async def __call__(self) -> None:
        """Let everyone pass."""


_everyone = tuple(Role)
Anyone = Depends(Open())
Member = Annotated[Person, Depends(Allowed(*_everyone))]
Enrolling = Annotated[Person, Depends(Allowed(*_everyone, even_enrolling=True))]
Administrator = Annotated[Person, Depends(Allowed(Role.ADMINISTRATOR))]
Operator = Annotated[Person, Depends(Allowed(Role.ADMINISTRATOR, Role.IT))]
Examiner = Annotated[Person, Depends(Allowed(Role.ADMINISTRATOR, Role.AUDITOR))]
Overseer = Annotated[Person, Depends(Allowed(Role.ADMINISTRATOR, Role.IT, Role.AUDITOR))]
Asker = Annotated[Person, Depends(Allowed(Role.ADMINISTRATOR, Role.IT, Role.CLINICIAN))]
RoomCaller = Annotated[str, Depends(RoomOnly())]


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


async def page(
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page:
    """A dependency: `?page=…&size=…`."""
    return Page(page, size)


Paged = Annotated[Page, Depends(page)]
