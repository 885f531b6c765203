"""Runs the hub: one process, HTTPS with the clinic's own certificate, SIGTERM ends it cleanly."""

from __future__ import annotations

import errno
import logging
import signal
import socket

import uvicorn

from hub import logs
from hub.app import create_app
from hub.errors import PortInUse
from hub.settings import HubSettings
from hub.wiring import Container, open_rooms
from voiceassist.errors import Unavailable, WrongUse

log = logging.getLogger(__name__)

_GRACE_S = 10
_BACKLOG = 256
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good
_LARGEST_FRAME = 1 << 17  # what the voice socket refuses must arrive to be refused
_MOST_AT_ONCE = 1000  # more connections are told to come again


def serve(settings: HubSettings) -> None:
    """Serve until told to stop; raises `PortInUse`, `WrongUse` or `Unavailable` at the start."""
    listener = listen(settings.host, settings.port)
    logs.configure(settings.log_level)
    with listener:
        container = Container(open_rooms(settings))
        config = uvicorn.Config(
            create_app(container),
            ssl_certfile=container.rooms.keys.file("hub.crt"),
            ssl_keyfile=container.rooms.keys.file("hub.key"),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=_GRACE_S,
            ssl_ciphers=_CIPHERS,
            ws_max_size=_LARGEST_FRAME,
            ws_per_message_deflate=False,  # speech does not shrink, and what unpacks may be large
            limit_concurrency=_MOST_AT_ONCE,
        )
        server = uvicorn.Server(config)
        # uvicorn raises the signal again once it has shut down; that must not kill us
        signal.signal(signal.SIGTERM, lambda *_: None)
        log.info("serving %s", settings.url)
        server.run(sockets=[listener])
        log.info("stopped")
    if not server.started:
        raise Unavailable("the hub did not start; its log tells why")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises `PortInUse`, or `WrongUse` for an address that is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named by its protocol, or asyncio leaves Nagle's delay of 40 ms on each answer
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} on {host} is in use; stop what listens there or change `port`"
            ) from error
        raise WrongUse(
            f"the hub can't listen on {host} port {port} ({error.strerror}); correct hub.toml"
        ) from error
    return listener
