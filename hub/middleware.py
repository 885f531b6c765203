"""What surrounds every request: its id, a bound on its body, headers, a log line, figures.

Outermost of all, so that an unforeseen error too is an envelope with the request's id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub import caller, request_id
from hub.envelope import Failure, error_answer, internal_failure

log = logging.getLogger("hub.http")

_CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Strict-Transport-Security": "max-age=31536000",
}

_ID, _CACHING = request_id.HEADER.lower().encode(), b"cache-control"
_RAW = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]

_TALKS = [(n, v.replace(b"microphone=()", b"microphone=(self)")) for n, v in _RAW]  # /talk alone

Observe = Callable[[Scope, int, float], None]  # scope, status, seconds


class RequestShell:
    """The shell around the application. `body_limit` gives the most bytes for a path."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_limit: Callable[[str], int],
        observe: Observe,
        trusted_hops: int = 0,
    ) -> None:
        self._app = app
        self._trusted_hops = trusted_hops
        self._body_limit = body_limit
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        chosen = request_id.enter(headers.get(request_id.HEADER))
        caller.enter(self._caller(scope, headers))
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        answer = _Outgoing(send, chosen, scope["path"])
        began = time.perf_counter()
        try:
            await self._serve(scope, headers, receive, answer)
        except Exception:  # the boundary that must hold: the process serves on
            log.exception("unforeseen error")
            if not answer.status:
                failure = error_answer(internal_failure(), HTTPStatus.INTERNAL_SERVER_ERROR)
                await failure(scope, receive, answer.send)
        finally:
            seconds = time.perf_counter() - began
            self._observe(scope, answer.status, seconds)
            extra = {
                "method": scope["method"],
                "path": scope["path"],
                "status": answer.status,
                "ms": round(seconds * 1000),
            }
            log.info("request", extra=extra)

    def _caller(self, scope: Scope, headers: Headers) -> caller.Caller:
        client = scope.get("client")
        return caller.caller_of(
            client[0] if client else "unknown",
            headers.getlist("x-forwarded-for"),
            headers.get("user-agent", ""),
            trusted_hops=self._trusted_hops,
        )

    async def _serve(
        self, scope: Scope, headers: Headers, receive: Receive, answer: _Outgoing
    ) -> None:
        limit = self._body_limit(scope["path"])
        announced = headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > limit:
            failure = Failure(code="PAYLOAD_TOO_LARGE", message=_too_large(limit))
            refused = error_answer(failure, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            await refused(scope, receive, answer.send)
            return
        await self._app(scope, _bounded(receive, limit), answer.send)


class _Outgoing:
    """Adds the headers of every answer and remembers its status (0: not begun)."""

    def __init__(self, send: Send, chosen: str, path: str) -> None:
        self._send = send
        self._id = chosen
        self._safety = _TALKS if path == "/talk" else _RAW
        self._caching = b"no-cache" if path.startswith("/static/") else b"no-store"
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            given.append((_ID, self._id.encode()))
            if not any(name == _CACHING for name, _ in given):
                given.append((_CACHING, self._caching))
            message["headers"] = given + self._safety
        await self._send(message)


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_large(limit))
        return message

    return bounded


def _too_large(limit: int) -> str:
    return f"more than the {limit >> 10} KiB that the hub takes at once; send less"
