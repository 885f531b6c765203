"""`/api/v1/auth`: setup, registration, sign-in, sessions, passwords, second factor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.requests import HTTPConnection

from hub.auth.passwords import assess
from hub.auth.schemas import (
    Accepted,
    CodeRequest,
    FactorRemoval,
    FactorReply,
    LoginRequest,
    PasswordChange,
    PasswordQuestion,
    PersonReply,
    RecoveryReply,
    RedeemRequest,
    RefreshRequest,
    RegisterRequest,
    SessionReply,
    SetupRequest,
    Strength,
    TokenReply,
)
from hub.auth.service import AuthService
from hub.auth.sessions import Issued
from hub.envelope import Answer, ok
from hub.errors import Unauthorized
from hub.http import Anyone, Enrolling, Member, Person, provided

router = APIRouter(prefix="/auth", tags=["sign-in"])

Auth = Annotated[AuthService, Depends(provided(AuthService))]
SessionId = Annotated[str, Path(max_length=64)]
_SCHEME = "bearer "
_ASKED = "if this address has no account yet, an administrator is asked to let it in"


def bearer(request: HTTPConnection) -> str:
    """The token in `Authorization: Bearer`; raises `Unauthorized`."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(_SCHEME):
        raise Unauthorized("sign in first: POST /api/v1/auth/login, then Authorization: Bearer")
    return header[len(_SCHEME) :].strip()


@router.get("/me")  # first: routes are tried in their order, and this is asked most
async def me(person: Enrolling) -> Answer[PersonReply]:
    """Who the token belongs to."""
    return ok(_reply(person))


@router.post("/setup", status_code=201, dependencies=[Anyone])
def set_up(body: SetupRequest, auth: Auth) -> Answer[PersonReply]:
    """Make the first administrator with the one-time code that `hub init` printed."""
    return ok(_reply(auth.set_up(body)))


@router.post("/register", status_code=202, dependencies=[Anyone])
def register(body: RegisterRequest, auth: Auth) -> Answer[Accepted]:
    """Ask for an account; an administrator lets people in. Off unless the site says otherwise."""
    auth.register(body)
    return ok(Accepted(message=_ASKED))


@router.post("/redeem", dependencies=[Anyone])
def redeem(body: RedeemRequest, auth: Auth) -> Answer[None]:
    """Set the password of an account with the code that an administrator handed over."""
    auth.redeem(body)
    return ok(None)


@router.post("/login", dependencies=[Anyone])
def sign_in(body: LoginRequest, auth: Auth) -> Answer[TokenReply]:
    """Tokens for an e-mail address, its password and, where one is set up, the second factor."""
    person, issued = auth.sign_in(body, "token")
    return ok(_tokens(issued, enrolling=person.enrolling))


@router.post("/refresh", dependencies=[Anyone])
def refresh(body: RefreshRequest, auth: Auth) -> Answer[TokenReply]:
    """The next tokens. A refresh token is good once; a second use ends its session."""
    return ok(_tokens(auth.refresh(body.refresh_token)))


@router.post("/logout")
def sign_out(person: Enrolling, auth: Auth) -> Answer[None]:
    """End the session of the token that the request carries."""
    auth.sign_out(person)
    return ok(None)


@router.post("/logout-everywhere")
def sign_out_everywhere(person: Enrolling, auth: Auth) -> Answer[None]:
    """End all sessions of the person who calls."""
    auth.sign_out_everywhere(person)
    return ok(None)


@router.get("/sessions")
def list_sessions(person: Member, auth: Auth) -> Answer[list[SessionReply]]:
    """Where one is signed in, the newest first."""
    return ok(
        [
            SessionReply(
                id=one.id,
                kind=one.kind,
                created_s=one.created_s,
                last_s=one.last_s,
                expires_s=one.expires_s,
                address=one.address,
                agent=one.agent,
                current=one.id == person.session,
            )
            for one in auth.sessions.listing(person.id)
        ]
    )


@router.delete("/sessions/{session}")
def end_session(session: SessionId, person: Member, auth: Auth) -> Answer[None]:
    """End one of one's own sessions."""
    auth.end_session(person, session)
    return ok(None)


@router.post("/password")
def change_password(body: PasswordChange, person: Member, auth: Auth) -> Answer[None]:
    """Set a new password; all other sessions of the account end."""
    auth.change_password(person, body.current_password, body.new_password)
    return ok(None)


@router.post("/password/strength")
def strength(body: PasswordQuestion, _person: Enrolling) -> Answer[Strength]:
    """How strong a password would be, before it is set."""
    judged = assess(body.password, email=body.email, name=body.name)
    return ok(Strength(strength=judged.strength, good=judged.good, reasons=dict(judged.reasons)))


@router.post("/second-factor")
def begin_factor(person: Enrolling, auth: Auth) -> Answer[FactorReply]:
    """A secret for an authenticator app; it counts once a code of it is confirmed."""
    made = auth.factors.begin(person)
    return ok(FactorReply(secret=made.secret, uri=made.uri, qr=made.qr))


@router.post("/second-factor/confirm")
def confirm_factor(body: CodeRequest, person: Enrolling, auth: Auth) -> Answer[RecoveryReply]:
    """Switch the second factor on; the recovery codes are shown this once."""
    return ok(RecoveryReply(recovery_codes=auth.factors.confirm(person, body.code)))


@router.post("/second-factor/remove")
def remove_factor(body: FactorRemoval, person: Member, auth: Auth) -> Answer[None]:
    """Take the second factor off, to set up another."""
    auth.confirm(person, body.password)
    auth.factors.remove(person, body.code)
    return ok(None)


def _tokens(issued: Issued, *, enrolling: bool = False) -> TokenReply:
    return TokenReply(
        access_token=issued.access,
        refresh_token=issued.refresh,
        expires_in=issued.access_s,
        refresh_expires_in=issued.refresh_s,
        enrolling=enrolling,
    )


def _reply(person: Person) -> PersonReply:
    return PersonReply(
        id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        enrolling=person.enrolling,
    )
