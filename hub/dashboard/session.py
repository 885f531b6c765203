"""Sessions of pages: a cookie that no script sees, and forms that prove where they came from."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Form, Request, Response

from hub.caller import is_ours
from hub.dashboard.ports import Doorkeeper
from hub.errors import Forbidden, Unauthorized
from hub.http import Allowed, Person, Role

COOKIE = "__Host-voiceassist"


class SignInFirst(Exception):
    """The page needs a session; the caller is sent to sign in, or to set up."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


def doorkeeper(request: Request) -> Doorkeeper:
    """A dependency: sign-in for pages."""
    return cast("Doorkeeper", request.app.state.doorkeeper)


Door = Annotated[Doorkeeper, Depends(doorkeeper)]


def signed_in(request: Request, door: Door) -> Person:
    """A dependency: who looks at the page; raises `SignInFirst`."""
    token = request.cookies.get(COOKIE, "")
    try:
        if token:
            return door.who(token)
    except Unauthorized:
        pass
    raise SignInFirst("/setup" if door.needs_setup() else "/sign-in")


SignedIn = Annotated[Person, Depends(signed_in)]


def visitor(person: SignedIn) -> Person:
    """A dependency: who looks at the page, once their second factor is set up."""
    if person.enrolling:
        raise SignInFirst("/second-factor")
    return person


Visitor = Annotated[Person, Depends(visitor)]


class Seen:
    """A dependency: who looks at a page that is for some roles; raises `Forbidden`."""

    def __init__(self, *roles: Role) -> None:
        self._allowed = Allowed(*roles)

    def __call__(self, person: Visitor) -> Person:
        """Who looks at it."""
        self._allowed.check(person)
        return person


def from_here(request: Request) -> None:
    """A dependency: refuses a form that another site sent; raises `Forbidden`."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and not is_ours(origin, request.headers.get("Host"))
    if foreign or site not in {"same-origin", "none"}:
        raise Forbidden("this form came from another site; open the page here and try again")


def sender(
    request: Request, person: SignedIn, door: Door, csrf: Annotated[str, Form()] = ""
) -> Person:
    """A dependency: who sent a form, once it is sure that they did."""
    from_here(request)
    if not door.csrf_holds(person, csrf):
        raise Forbidden("this form is out of date; open the page again and repeat")
    return person


Sender = Annotated[Person, Depends(sender)]


def actor(person: Sender) -> Person:
    """A dependency: the administrator who sent a form."""
    Allowed(Role.ADMINISTRATOR).check(person)
    return person


Actor = Annotated[Person, Depends(actor)]


def begin(response: Response, token: str, lifetime_s: int) -> None:
    """Hand the browser its session."""
    response.set_cookie(
        COOKIE, token, max_age=lifetime_s, secure=True, httponly=True, samesite="strict", path="/"
    )


def end(response: Response) -> None:
    """Take the browser's session back."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
