"""Wyoming's events on the wire, bounded: no client fills the box's memory or holds it up.

The library's own reader takes lines and payloads of any length, and waits for ever.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from wyoming.event import Event, Eventable, async_write_event

from voiceassist.errors import BadInput, Unavailable

LINE = 4096  # bytes
DATA = 64 << 10
PAYLOAD = 256 << 10
IDLE_S = 60.0  # for one whole event
SLOW_S = 5.0
_LINGER_S = 1.0


class _Header(BaseModel):
    type: str = Field(max_length=64)
    data: dict[str, Any] = {}
    data_length: int = Field(default=0, ge=0, le=DATA)
    payload_length: int = Field(default=0, ge=0, le=PAYLOAD)


class Wire:
    """One client's connection; its reader is limited to lines of `LINE` bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        idle_s: float = IDLE_S,
        slow_s: float = SLOW_S,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._idle_s = idle_s
        self._slow_s = slow_s

    async def read(self) -> Event | None:
        """The next event; None where the client has gone, or says nothing for too long.

        Raises `BadInput` for what is no event, or one too long.
        """
        try:
            async with asyncio.timeout(self._idle_s):
                return await self._event()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            return None

    async def send(self, event: Eventable) -> None:
        """Raises `Unavailable` where the client has gone, or takes nothing for too long."""
        try:
            async with asyncio.timeout(self._slow_s):
                await async_write_event(event.event(), self._writer)
        except (TimeoutError, ConnectionError) as error:
            self._writer.transport.abort()
            raise Unavailable("a Wyoming client takes nothing; it was cut off") from error

    async def close(self) -> None:
        """Say no more, and let the client read what was said.

        Closed with something unread, the connection would be reset and the last word lost.
        """
        try:
            async with asyncio.timeout(_LINGER_S):
                self._writer.write_eof()
                while await self._reader.read(DATA):
                    pass
                self._writer.close()
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            pass  # it had its time
        finally:
            self._writer.transport.abort()

    async def _event(self) -> Event | None:
        try:
            line = await self._reader.readline()
            if not line:
                return None
            header = _Header.model_validate_json(line)
            data = header.data
            if header.data_length:
                data |= _mapping(await self._reader.readexactly(header.data_length))
            payload = await self._reader.readexactly(header.payload_length)
        except (ValueError, RecursionError) as error:  # ValidationError is one; so is too long
            raise BadInput("this is no Wyoming event, or one too long; see docs/it.md") from error
        return Event(header.type, data, payload or None)


def checked(model: type[BaseModel], event: Event) -> Any:
    """The event's data as `model`; raises `BadInput`."""
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        raise BadInput(f"{event.type!r} has data that can't be; see docs/it.md") from error


def _mapping(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("data is no object")  # noqa: TRY004 - told as one kind of failure
    return found
