"""The Wyoming server: who may connect, and how many, on a thread and an event loop of its own.

Law: Wyoming knows neither passwords nor encryption, so the room listens on loopback, and elsewhere
only to clients whose addresses were named: to others not a byte is said.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from contextlib import suppress
from ipaddress import IPv6Address, ip_address

from wyoming.error import Error

from appliance.settings import WyomingSettings
from appliance.wyoming.session import Offer, Session
from appliance.wyoming.wire import LINE, Wire
from voiceassist.errors import Unavailable

log = logging.getLogger(__name__)

CLIENTS = 8
_CLOSE_S = 5.0


class WyomingServer:
    """Serves `offer`. Port 0 takes a free one; raises `Unavailable` for one that is taken."""

    def __init__(self, settings: WyomingSettings, offer: Offer) -> None:
        self._offer = offer
        self._allowed = frozenset(settings.clients)
        self._socket = _bind(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._begun = threading.Event()
        self._sessions: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="wyoming", daemon=True
        )

    def start(self) -> None:
        """Begin to serve; who comes before waits in the socket."""
        self._thread.start()
        self._begun.wait(_CLOSE_S)

    def stop(self) -> None:
        """Cut off all clients and close."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._over.set)
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
        self._socket.close()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, sock=self._socket, limit=LINE)
        self._begun.set()
        try:
            await self._over.wait()
        finally:
            server.close()
            for session in self._sessions:
                session.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _address(writer)
        if client is None or not self._may(client):
            log.warning("an address that is not in wyoming.clients was turned away")
            writer.transport.abort()
            return
        wire = Wire(reader, writer)
        full = len(self._sessions) >= CLIENTS
        work = _turn_away(wire) if full else Session(wire, self._offer, client).run()
        session = asyncio.get_running_loop().create_task(work)
        self._sessions.add(session)
        session.add_done_callback(self._ended)

    def _ended(self, session: asyncio.Task[None]) -> None:
        self._sessions.discard(session)
        if not session.cancelled() and (error := session.exception()) is not None:
            # the type alone: a message may repeat what was said
            log.error("a Wyoming client's session failed: %s", type(error).__name__)

    def _may(self, client: str) -> bool:
        address = ip_address(client)
        return address.is_loopback or address in self._allowed


async def _turn_away(wire: Wire) -> None:
    with suppress(Unavailable):
        await wire.send(Error(f"{CLIENTS} clients are connected already; try again", "busy"))
    await wire.close()


def _address(writer: asyncio.StreamWriter) -> str | None:
    peer = writer.get_extra_info("peername")
    if not peer:
        return None
    address = ip_address(peer[0].partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"port {port} of {host} can't be used for Wyoming ({error}); "
            "stop what uses it, or set another wyoming.port"
        ) from error
