"""The pages before and after a session: first setup, sign-in, sign-out, and errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from markupsafe import Markup

from hub.dashboard import api, talk
from hub.dashboard.api import show
from hub.dashboard.session import Door, Sender, SignedIn, SignInFirst, begin, end, from_here
from hub.dashboard.view import STATIC
from hub.envelope import status_of
from hub.errors import Conflict
from hub.http import Person
from voiceassist.errors import VoiceAssistError

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

FromHere = Depends(from_here)
Text = Annotated[str, Form(max_length=1024)]
_AWAY = "__Host-voiceassist-away"


@router.get("/setup")
def setup_page(request: Request, door: Door) -> Response:
    """The first administrator's page."""
    if not door.needs_setup():
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    return show(request, "setup.html", email="", name="")


@router.post("/setup", dependencies=[FromHere])
def set_up(
    request: Request,
    door: Door,
    code: Text = "",
    email: Text = "",
    name: Text = "",
    password: Text = "",
) -> Response:
    """Make the first administrator and sign them in."""
    try:
        door.set_up(code, email, password, name)
        token, lifetime_s = door.sign_in(email, password, "")
    except VoiceAssistError as error:
        values = {"email": email, "name": name, "failure": str(error)}
        return show(request, "setup.html", status_of(error), **values)
    return _welcome(token, lifetime_s)


@router.get("/sign-in")
def sign_in_page(request: Request, door: Door) -> Response:
    """The sign-in page."""
    if door.needs_setup():
        return RedirectResponse("/setup", HTTPStatus.SEE_OTHER)
    return show(request, "sign-in.html", email="", provider=door.has_provider())


@router.post("/sign-in", dependencies=[FromHere])
def sign_in(
    request: Request, door: Door, email: Text = "", password: Text = "", code: Text = ""
) -> Response:
    """Begin a session."""
    try:
        token, lifetime_s = door.sign_in(email, password, code)
    except VoiceAssistError as error:
        values = {"email": email, "failure": str(error), "provider": door.has_provider()}
        return show(request, "sign-in.html", status_of(error), **values)
    return _welcome(token, lifetime_s)


@router.get("/redeem")
def redeem_page(request: Request) -> Response:
    """Where a person sets their password with the code that an administrator handed over."""
    return show(request, "redeem.html", email="")


@router.post("/redeem", dependencies=[FromHere])
def redeem(
    request: Request, door: Door, code: Text = "", email: Text = "", password: Text = ""
) -> Response:
    """Set the password and sign in."""
    try:
        door.redeem(code, email, password)
        token, lifetime_s = door.sign_in(email, password, "")
    except VoiceAssistError as error:
        values = {"email": email, "failure": str(error)}
        return show(request, "redeem.html", status_of(error), **values)
    return _welcome(token, lifetime_s)


@router.get("/sign-in/provider")
def depart(door: Door) -> Response:
    """Send the browser to the site's own provider."""
    url, cookie = door.depart()
    response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    # lax: the provider sends the browser back by a link of its own
    response.set_cookie(
        _AWAY, cookie, max_age=600, secure=True, httponly=True, samesite="lax", path="/"
    )
    return response


@router.get("/sign-in/returned")
def arrive(
    request: Request,
    door: Door,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """The browser is back from the provider: begin its session, or say why not."""
    try:
        token, lifetime_s = door.arrive(request.cookies.get(_AWAY, ""), state, code)
    except VoiceAssistError as error:
        values = {"email": "", "failure": str(error), "provider": True}
        response: Response = show(request, "sign-in.html", status_of(error), **values)
    else:
        response = _landing(token, lifetime_s)
    response.delete_cookie(_AWAY, secure=True, httponly=True, samesite="lax", path="/")
    return response


@router.get("/second-factor")
def factor_page(request: Request, person: SignedIn, door: Door) -> Response:
    """A new secret to scan; it counts once a code of it is given."""
    return _factor(request, person, door)


@router.post("/second-factor")
def set_factor(request: Request, person: Sender, door: Door, code: Text = "") -> Response:
    """Switch the second factor on and show the recovery codes."""
    try:
        codes = door.confirm_factor(person, code)
    except VoiceAssistError as error:
        return _factor(request, person, door, failure=str(error), status=status_of(error))
    return show(request, "recovery.html", codes=codes)


@router.post("/sign-out")
def sign_out(person: Sender, door: Door) -> Response:
    """End the session."""
    door.sign_out(person)
    clear = {"Clear-Site-Data": '"cache", "storage"'}
    response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER, clear)
    end(response)
    return response


def _landing(token: str, lifetime_s: int) -> HTMLResponse:
    """A page that goes on by itself.

    The session's cookie is not sent along a link from another site, nor by a redirect of one.
    """
    response = HTMLResponse(
        '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>VoiceAssist</title>'
        '<p><a href="/">Go on</a></p>'
    )
    begin(response, token, lifetime_s)
    return response


def _factor(
    request: Request, person: Person, door: Door, *, failure: str = "", status: int = 200
) -> Response:
    try:
        secret, qr = door.begin_factor(person)
    except Conflict:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    values = {"secret": secret, "qr": Markup(qr), "failure": failure, "csrf": door.csrf(person)}  # noqa: S704 - our own picture
    return show(request, "second-factor.html", status, **values)


def install(app: FastAPI) -> None:
    """Mount the pages; `app.state` has `desk`, `doorkeeper` and `view`."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(router)
    app.include_router(api.router)
    app.include_router(talk.router)
    app.add_exception_handler(SignInFirst, _send_to_sign_in)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, rather than a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get(
        "Accept", ""
    )


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """The page that says what went wrong."""
    return show(request, "error.html", status, failure=message)


def _send_to_sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInFirst)  # noqa: S101 - registered for it
    return RedirectResponse(error.target, HTTPStatus.SEE_OTHER)


def _welcome(token: str, lifetime_s: int) -> Response:
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    begin(response, token, lifetime_s)
    return response
