"""The room's own page: what it does, what was heard and answered, and its buttons.

`/health` for probes and `/metrics` for Prometheus need no token: they hold no words.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from appliance.panel.access import COOKIE, Access
from appliance.panel.controls import Controls, buttons
from appliance.panel.health import Health
from appliance.panel.viewers import Viewers
from voiceassist.errors import Unavailable, WrongUse

HOST = "127.0.0.1"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_STATIC = Path(__file__).parent / "static"
_CLOSE_S = 5.0
_YEAR_S = 31_536_000
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_Page: TypeAlias = Callable[[Request], Awaitable[Response]]


def make_app(
    health: Callable[[], Health], registry: CollectorRegistry, pages: Starlette | None = None
) -> Starlette:
    """Health and figures, and the pages where there are any.

    `health` is called at each request, on a worker thread.
    """

    def show_health(_request: Request) -> Response:
        return JSONResponse(health().model_dump(mode="json"))

    def show_metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    routes: list[Route | Mount] = [Route("/health", show_health), Route("/metrics", show_metrics)]
    return Starlette(routes=[*routes, Mount("/", pages)] if pages else routes)


class Pages:
    """The page, its stream of states, and its buttons."""

    def __init__(self, viewers: Viewers, controls: Controls, access: Access) -> None:
        self._viewers = viewers
        self._push = buttons(controls, viewers.clear)
        self._access = access

    def app(self) -> Starlette:
        """What serves them."""
        inside = self._inside
        return Starlette(
            routes=[
                Route("/", inside(self._page)),
                Route("/enter", self._enter),
                Route("/state", inside(self._state)),
                Route("/events", inside(self._events)),
                Route("/buttons/{name}", inside(self._button), methods=["POST"]),
                Mount("/static", StaticFiles(directory=_STATIC)),
            ]
        )

    async def _page(self, _request: Request) -> Response:
        return FileResponse(_STATIC / "panel.html", headers=_HEADERS)

    async def _state(self, _request: Request) -> Response:
        return Response(self._viewers.state(), media_type="application/json", headers=_HEADERS)

    async def _events(self, _request: Request) -> Response:
        if self._viewers.full:
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages are open; close one.")
        states = self._viewers.follow()
        return StreamingResponse(states, media_type="text/event-stream", headers=_HEADERS)

    async def _button(self, request: Request) -> Response:
        try:
            self._push(request.path_params["name"])
        except WrongUse as error:
            return _plain(HTTPStatus.NOT_FOUND, str(error))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_HEADERS)

    async def _enter(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        if not (self._access.from_here(request) and self._access.opens(token)):
            return _refused()
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER, headers=_HEADERS)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, token, max_age=_YEAR_S, httponly=True, samesite="strict", secure=secure
        )
        return answer

    def _inside(self, shown: _Page) -> _Page:
        async def checked(request: Request) -> Response:
            allowed = self._access.from_here(request) and self._access.knows(request)
            return await shown(request) if allowed else _refused()

        return checked


def _refused() -> Response:
    return _plain(
        HTTPStatus.FORBIDDEN,
        "This is a room's panel. Open it by its link: voiceassist appliance panel-link",
    )


def _plain(status: HTTPStatus, text: str) -> Response:
    return PlainTextResponse(text + "\n", status_code=status, headers=_HEADERS)


class Panel:
    """Serves `app` from a thread of its own. Port 0 takes a free one.

    `certificate` and `key` are files in PEM; without them it speaks plain HTTP.
    """

    def __init__(
        self,
        app: Starlette,
        port: int,
        host: str = HOST,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, lifespan="off", log_config=None, access_log=False, server_header=False,
                ssl_certfile=certificate, ssl_keyfile=key,
                timeout_graceful_shutdown=1,  # a page that looks on would keep it open
            )
        )  # fmt: skip
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="panel", daemon=True
        )

    def start(self) -> None:
        """Begin to serve; what comes before the first answer waits in the socket."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked and close."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise Unavailable(
            f"port {port} of {host} can't be used for the room's panel ({error}); "
            "stop what uses it, or set another panel port"
        ) from error
    return listener
