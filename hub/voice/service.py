"""Lets people in: first who it is, then how they want to talk, and no more of them than fit.

Law: before it is known who calls, one message is read, and nothing of it but who calls.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from starlette.websockets import WebSocket

from hub.envelope import Failure, failure_of, internal_failure
from hub.errors import Forbidden
from hub.http import Person
from hub.voice.credential import Credential
from hub.voice.line import FAILED, FORBIDDEN, MISUSE, TOO_MUCH, UNKNOWN, Gone, Hangup, Line
from hub.voice.listener import HandsFree, Listener, PushToTalk
from hub.voice.ports import Assistant, Sessions, Speech
from hub.voice.recogniser import Recogniser
from hub.voice.schemas import START, Limits, Start
from hub.voice.session import Session
from hub.voice.turns import Tools
from voiceassist.engines.ports import SAMPLE_RATE
from voiceassist.errors import VoiceAssistError

log = logging.getLogger(__name__)

_WAITING = 64  # connections that have not said yet who they are
_USUAL = Limits()


def _everyone(_person: Person) -> None:
    """Nobody is kept out who may talk by their role."""


class VoiceService:
    """The voice room. `cookie` is the name of the pages' cookie, `now_s` gives Unix seconds.

    `admit` notes who begins to talk; it raises `Forbidden` where the site has that switched off.
    """

    def __init__(
        self,
        assistant: Assistant,
        sessions: Sessions,
        speech: Speech,
        *,
        cookie: str,
        now_s: Callable[[], float],
        limits: Limits = _USUAL,
        admit: Callable[[Person], None] = _everyone,
    ) -> None:
        self._sessions = sessions
        self._speech = speech
        self._cookie = cookie
        self._limits = limits
        self._admit = admit
        self._recogniser = Recogniser(speech.ear)
        self._tools = Tools(assistant, sessions, speech, self._recogniser, limits, now_s)
        self._waiting = 0
        self._talking: Counter[str] = Counter()

    @property
    def connections(self) -> int:
        """How many talk now."""
        return self._talking.total()

    @property
    def crowded(self) -> bool:
        """Whether too many have not said yet who they are."""
        return self._waiting >= _WAITING

    def close(self) -> None:
        """Recognise nothing more."""
        self._recogniser.close()

    async def serve(self, socket: WebSocket, *, ours: bool) -> None:
        """Serve an accepted connection to its end; `ours`: one of our own pages opened it."""
        line = Line(socket)
        try:
            cookie = socket.cookies.get(self._cookie, "") if ours else ""
            credential, opening = await self._welcome(line, cookie)
            start = _start(opening)
            with self._seat(credential.person.id):
                await self._admitted(credential.person)
                listener, mode = await self._listener(line, start)
                await line.tell("ready", sample_rate=SAMPLE_RATE, mode=mode)
                await Session(line, self._tools, credential, start, listener).run()
        except Gone:
            pass
        except Hangup as why:
            await line.hang_up(why)
        except Exception as error:  # noqa: BLE001 - the boundary: the hub serves on
            # the type alone: a message may repeat the words
            log.error("a connection failed: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
            await line.hang_up(Hangup(FAILED, internal_failure()))

    async def _welcome(self, line: Line, cookie: str) -> tuple[Credential, dict[str, object]]:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.start_s):
                opening = self._opening(await line.receive())
            token = opening.get("token") or ""
            credential = Credential(self._look(token, cookie), self._tools.now_s)
            await credential.check()
        except TimeoutError as error:
            raise _unknown("say who you are in time: send start with a token") from error
        finally:
            self._waiting -= 1
        return credential, opening

    def _opening(self, message: str | bytes) -> dict[str, object]:
        try:
            if isinstance(message, str) and len(message) <= self._limits.text_bytes:
                opening = json.loads(message)
                if isinstance(opening, dict) and opening.get("type") == "start":
                    return opening
        except (ValueError, RecursionError):
            pass
        raise _unknown("the first message must be start, with a token")

    def _look(self, token: object, cookie: str) -> Callable[[], Person]:
        if isinstance(token, str) and token:
            return lambda: self._sessions.who(token)
        if token or not cookie:
            raise _unknown("start has no token; sign in and send it")
        return lambda: self._sessions.who_page(cookie)

    @contextmanager
    def _seat(self, person: str) -> Iterator[None]:
        if self._talking[person] >= self._limits.per_person:
            raise _full("you talk over several connections already; close one")
        if self.connections >= self._limits.connections:
            raise _full("too many people talk to the hub at once; try again in a minute")
        self._talking[person] += 1
        try:
            yield
        finally:
            self._talking[person] -= 1
            self._talking += Counter()  # forgets who has left

    async def _admitted(self, person: Person) -> None:
        try:
            await asyncio.to_thread(self._admit, person)
        except VoiceAssistError as error:  # what can't be recorded isn't let in, either
            code = FORBIDDEN if error.code == Forbidden.code else FAILED
            raise Hangup(code, failure_of(error)) from error

    async def _listener(self, line: Line, start: Start) -> tuple[Listener, str]:
        if start.mode == "hands-free":
            try:
                return HandsFree(await asyncio.to_thread(self._speech.activity)), start.mode
            except VoiceAssistError as error:  # one can still press the button, or type
                await line.fail(failure_of(error))
        return PushToTalk(self._limits.utterance_s), "push-to-talk"


def _start(opening: dict[str, object]) -> Start:
    try:
        return START.validate_python(opening)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        message = f"start: {field} is not as it should be; correct it and connect again"
        failure = Failure(code="VALIDATION_ERROR", message=message, field=field)
        raise Hangup(MISUSE, failure) from error


def _unknown(message: str) -> Hangup:
    return Hangup(UNKNOWN, Failure(code="UNAUTHORIZED", message=message))


def _full(message: str) -> Hangup:
    return Hangup(TOO_MUCH, Failure(code="RATE_LIMITED", message=message))
