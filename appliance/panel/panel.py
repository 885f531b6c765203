"""The room's own page on loopback: `/health` for people and probes, `/metrics` for Prometheus."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appliance.panel.health import Health
from voiceassist.errors import Unavailable

HOST = "127.0.0.1"
_CLOSE_S = 5.0


def make_app(health: Callable[[], Health], registry: CollectorRegistry) -> Starlette:
    """The pages. `health` is called at each request, on a worker thread."""

    def show_health(_request: Request) -> Response:
        return JSONResponse(health().model_dump(mode="json"))

    def show_metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/health", show_health), Route("/metrics", show_metrics)])


class Panel:
    """Serves `app` on loopback from a thread of its own. Port 0 takes a free one."""

    def __init__(self, app: Starlette, port: int) -> None:
        self._socket = _bind(port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
        )
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


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise Unavailable(
            f"port {port} of {HOST} can't be used for the room's panel ({error}); "
            "stop what uses it, or set another panel port"
        ) from error
    return listener
