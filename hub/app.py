"""The application: every room's HTTP face, the pages, health and figures, one shell around."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from hub import envelope, openapi
from hub.dashboard import door
from hub.dashboard.view import View
from hub.envelope import Answer, ok
from hub.http import Anyone
from hub.metrics import CONTENT_TYPE
from hub.middleware import RequestShell
from hub.wiring import Container
from voiceassist import __version__
from voiceassist.errors import VoiceAssistError

_UPLOADS = {"/documents", "/api/v1/documents"}
_FORM_BYTES = 1 << 20  # what a form adds around its files


def create_app(container: Container) -> FastAPI:
    """The hub's application; its lifespan starts and stops what runs beside it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        container.start()
        try:
            yield
        finally:
            container.stop()

    app = FastAPI(
        title="VoiceAssist hub",
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # both pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.services = container.services
    app.state.guard = container.guard
    app.state.desk = container.desk
    app.state.doorkeeper = container.doorkeeper
    app.state.view = View(container.settings.clinic, container.clock)
    envelope.install(app)
    for router in container.routers:
        app.include_router(router, prefix="/api/v1")
    for prefix in ("", "/api/v1"):
        app.include_router(_health(container), prefix=prefix, include_in_schema=bool(prefix))
    openapi.install(app)
    door.install(app)
    _show_errors_as_pages(app)
    limits = container.settings.limits

    def body_limit(path: str) -> int:
        return limits.upload_bytes + _FORM_BYTES if path in _UPLOADS else limits.body_bytes

    app.add_middleware(
        RequestShell,
        body_limit=body_limit,
        observe=container.metrics.observe,
        trusted_hops=container.settings.trusted_hops,
    )
    return app


def _health(container: Container) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health", dependencies=[Anyone])
    def health() -> Answer[dict[str, str]]:
        """The process serves."""
        return ok({"status": "ok"})

    @router.get("/ready", dependencies=[Anyone])
    def ready() -> Answer[dict[str, str]]:
        """Each part's state; 503 where the database is away. A dead broker only degrades."""
        return ok(container.readiness())

    @router.get("/metrics", dependencies=[Anyone], response_class=PlainTextResponse)
    def metrics() -> Response:
        """The figures for Prometheus."""
        return Response(container.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    return router


def _show_errors_as_pages(app: FastAPI) -> None:
    """A browser gets the error as a page; a program its envelope."""
    handlers: dict[Any, Callable[[Request, Exception], Any]] = {
        kind: app.exception_handlers[kind] for kind in (VoiceAssistError, HTTPException)
    }

    def on_error(kind: type[Exception]) -> Callable[[Request, Exception], Response]:
        def handle(request: Request, error: Exception) -> Response:
            answer: JSONResponse = handlers[kind](request, error)
            if not door.wants_page(request):
                return answer
            message = envelope.message_of(answer)
            return door.error_page(request, answer.status_code, message)

        return handle

    for kind in handlers:
        app.add_exception_handler(kind, on_error(kind))
