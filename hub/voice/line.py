"""The socket, as the session uses it: what is told, what comes in, how it is hung up.

Close codes: 4401 who it is isn't (or no longer) known, 4403 not for them, 4408 nobody talked,
4429 too much or too many, 1008 not understood again and again, 1009 too large, 1011 the hub failed.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.envelope import Failure

UNKNOWN, FORBIDDEN, IDLE, TOO_MUCH = 4401, 4403, 4408, 4429
MISUSE, TOO_LARGE, FAILED = 1008, 1009, 1011

_FAREWELL_S = 3.0


class Hangup(Exception):
    """The connection ends, with a close code and the reason that is told before."""

    def __init__(self, code: int, failure: Failure) -> None:
        super().__init__(failure.code)
        self.code = code
        self.failure = failure


class Gone(Exception):
    """The other side has hung up."""


class Line:
    """One connection."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def receive(self) -> str | bytes:
        """The next message; raises `Gone`."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        text = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def tell(self, kind: str, /, **values: object) -> None:
        """Send a message; raises `Gone`."""
        await self._send(json.dumps({"type": kind, **values}))

    async def fail(self, failure: Failure) -> None:
        """Tell what went wrong; raises `Gone`."""
        await self.tell("error", **failure.model_dump())

    async def sound(self, samples: bytes) -> None:
        """Send a frame of speech; raises `Gone`."""
        await self._send(samples)

    async def hang_up(self, why: Hangup) -> None:
        """Say why, and close; one that takes nothing in is not waited for."""
        with suppress(Gone, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self.fail(why.failure)
                await self._socket.close(why.code, why.failure.code)

    async def _send(self, data: str | bytes) -> None:
        try:
            if isinstance(data, str):
                await self._socket.send_text(data)
            else:
                await self._socket.send_bytes(data)
        except (WebSocketDisconnect, RuntimeError) as error:  # the latter: it is closed already
            raise Gone from error
