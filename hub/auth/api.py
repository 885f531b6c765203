"""`/api/v1/auth`: setup, sign-in, sign-out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.requests import HTTPConnection

from hub.auth.schemas import LoginRequest, PersonReply, SetupRequest, TokenReply
from hub.auth.service import AuthService
from hub.envelope import Answer, ok
from hub.errors import Unauthorized
from hub.http import Anyone, Enrolling, Person, provided

router = APIRouter(prefix="/auth", tags=["sign-in"])

Auth = Annotated[AuthService, Depends(provided(AuthService))]
_SCHEME = "bearer "


def bearer(request: HTTPConnection) -> str:
    """The token in `Authorization: Bearer`; raises `Unauthorized`."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(_SCHEME):
        raise Unauthorized("sign in first: POST /api/v1/auth/login, then Authorization: Bearer")
    return header[len(_SCHEME) :].strip()


def address_of(request: Request) -> str:
    """Where the caller is, for the limit on attempts."""
    return request.client.host if request.client else "unknown"


@router.post("/setup", status_code=201, dependencies=[Anyone])
def set_up(body: SetupRequest, auth: Auth, request: Request) -> Answer[PersonReply]:
    """Make the first administrator with the one-time code that `hub init` printed."""
    return ok(_reply(auth.set_up(body, address_of(request))))


@router.post("/login", dependencies=[Anyone])
def sign_in(body: LoginRequest, auth: Auth, request: Request) -> Answer[TokenReply]:
    """An access token for an e-mail address and its password."""
    issued = auth.sign_in(body, "access", address_of(request))
    return ok(TokenReply(access_token=issued.token, expires_in=issued.lifetime_s))


@router.post("/logout")
def sign_out(person: Enrolling, auth: Auth) -> Answer[None]:
    """End the session of the token that the request carries."""
    auth.sign_out(person)
    return ok(None)


@router.get("/me")
def me(person: Enrolling) -> Answer[PersonReply]:
    """Who the token belongs to."""
    return ok(_reply(person))


def _reply(person: Person) -> PersonReply:
    return PersonReply(id=person.id, email=person.email, name=person.name)
