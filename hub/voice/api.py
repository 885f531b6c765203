"""`/api/v1/voice`: the socket of a browser's microphone.

Law: nothing is taken before it is sure who sends it, and nothing after their session has ended: it
is looked at again every second. The page's cookie counts only on a socket that our own page opened.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import urlsplit

import anyio
from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from hub.envelope import Failure, failure_of
from hub.errors import Forbidden, TokenExpired, TooLarge, TooMany, Unauthorized
from hub.http import Anyone, Person, provided
from hub.voice.schemas import MESSAGE, Ask, End, Message, Refresh, Start, Stop
from hub.voice.service import Voice
from hub.voice.talk import Talk
from voiceassist.engines.ports import SAMPLE_RATE
from voiceassist.errors import BadInput, VoiceAssistError

router = APIRouter(tags=["voice"])
log = logging.getLogger(__name__)

Service = Annotated[Voice, Depends(provided(Voice))]
COOKIE = "__Host-voiceassist"  # the page's session
UNAUTHORIZED, FORBIDDEN, IDLE, FLOOD = 4401, 4403, 4408, 4429
START_S, LOOK_S, IDLE_S = 5.0, 1.0, 600.0
_MOST_BYTES, _MOST_TEXT = 1 << 16, 8192
_MOST_A_SECOND, _MOST_WRONG = 200, 10


@router.websocket("/voice", dependencies=[Anyone])  # the socket itself asks who it is
async def voice(socket: WebSocket, service: Service) -> None:
    """See `hub.voice.schemas` for what is said over it."""
    origin = socket.headers.get("Origin")
    ours = origin is not None and urlsplit(origin).netloc == socket.headers.get("Host")
    if origin is not None and not ours:
        await socket.close(FORBIDDEN)
        return
    await socket.accept()
    cookie = socket.cookies.get(COOKIE, "") if ours else ""
    try:
        await Line(socket, service, cookie).run()
    except WebSocketDisconnect:
        pass
    except (Unauthorized, Forbidden, TooMany) as error:
        codes = {Unauthorized: UNAUTHORIZED, Forbidden: FORBIDDEN, TooMany: FLOOD}
        code = next(code for kind, code in codes.items() if isinstance(error, kind))
        await _leave(socket, failure_of(error), code)


class Line:
    """One connection, from its first message to its last."""

    def __init__(self, socket: WebSocket, service: Voice, cookie: str) -> None:
        self._socket = socket
        self._service = service
        self._cookie = cookie
        self._rate = Rate(_MOST_A_SECOND)
        self._wrong = 0
        self._active = time.monotonic()

    async def run(self) -> None:
        """Serve it; raises `Unauthorized`, `Forbidden` or `TooMany` where it must end."""
        try:
            async with asyncio.timeout(START_S):
                start = await self._first()
        except TimeoutError as error:
            raise Unauthorized("say who you are first: {type: start, token: …}") from error
        self._start = start
        person = await asyncio.to_thread(self._service.who, start, self._cookie)
        with self._service.counted(person):
            await asyncio.to_thread(self._service.admit, person)
            await self._serve(person, start)

    async def _first(self) -> Start:
        told = await self._receive()
        try:
            message = MESSAGE.validate_json(told) if isinstance(told, str) else None
        except ValidationError:
            message = None
        if not isinstance(message, Start):
            raise Unauthorized("the first message must be a start: {type: start, token: …}")
        return message

    async def _serve(self, person: Person, start: Start) -> None:
        talk = Talk(
            person,
            start.mode,
            start.conversation,
            self._service.assistant,
            self._service.speech,
            self._socket.send_json,
            self._socket.send_bytes,
            speak=start.speak,
        )
        listening = asyncio.create_task(self._listen(talk))
        watching = asyncio.create_task(self._watch(talk))
        try:
            await talk.open()
            told = {"type": "ready", "sample_rate": SAMPLE_RATE, "mode": start.mode}
            await self._socket.send_json(told)
            done, _ = await asyncio.wait({listening, watching}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except VoiceAssistError as error:
            if isinstance(error, Unauthorized | Forbidden | TooMany):
                raise
            await _leave(self._socket, failure_of(error), 1011)
        finally:
            with anyio.CancelScope(shield=True):  # the server may be stopping: end it all the same
                for task in (listening, watching):
                    task.cancel()
                await asyncio.gather(listening, watching, return_exceptions=True)
                await talk.close()

    async def _listen(self, talk: Talk) -> None:
        while True:
            told = await self._receive()
            self._active = time.monotonic()
            try:
                with _named():
                    await self._take(talk, told)
            except BadInput as error:
                await self._socket.send_json({"type": "error", **failure_of(error).model_dump()})
                self._wrong += 1
                if self._wrong > _MOST_WRONG:
                    raise TooMany("too much that can't be understood; connect again") from error

    async def _take(self, talk: Talk, told: str | bytes) -> None:
        if isinstance(told, bytes):
            if len(told) > _MOST_BYTES or len(told) % 2:
                raise TooLarge(f"send PCM of 16 bits, {_MOST_BYTES} bytes at once at most")
            await talk.audio(told)
            return
        if len(told) > _MOST_TEXT:
            raise TooLarge(f"a message may have {_MOST_TEXT} characters")
        await self._do(talk, MESSAGE.validate_json(told))

    async def _do(self, talk: Talk, message: Message) -> None:
        match message:
            case End():
                await talk.end()
            case Ask(text=text):
                await talk.ask(text)
            case Stop():
                await talk.stop()
            case Refresh(token=token):
                renewed = Start(type="start", token=token)
                person = await asyncio.to_thread(self._service.who, renewed, "")
                if person.id != talk.person.id:
                    raise Unauthorized("this token is another person's")
                self._start, talk.person = renewed, person
            case Start():
                raise BadInput("this connection was started already")

    async def _watch(self, talk: Talk) -> None:
        """End the connection with its session, or when nobody has used it for long."""
        while True:
            await asyncio.sleep(LOOK_S)
            if time.monotonic() - self._active > IDLE_S:
                await _leave(
                    self._socket, Failure(code="UNAVAILABLE", message="nobody spoke for long"), IDLE
                )
                raise WebSocketDisconnect(IDLE)
            if time.time() >= talk.person.expires_s:
                raise TokenExpired("the token has run out; refresh it and connect again")
            await asyncio.to_thread(self._service.who, self._start, self._cookie)

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        if not self._rate.passes(time.monotonic()):
            raise TooMany("too many messages at once; send less often")
        data = message.get("bytes")
        return data if data is not None else str(message.get("text", ""))


class Rate:
    """Whether no more than `most` came within the last second."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second = 0.0
        self._count = 0

    def passes(self, now_s: float) -> bool:
        """Count one more."""
        if now_s - self._second >= 1.0:
            self._second, self._count = now_s, 0
        self._count += 1
        return self._count <= self._most


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise BadInput("no message of this socket; its types are in the documentation") from error


async def _leave(socket: WebSocket, failure: Failure, code: int) -> None:
    try:
        await socket.send_json({"type": "error", **failure.model_dump()})
        await socket.close(code)
    except (RuntimeError, WebSocketDisconnect):
        pass  # it has left already
