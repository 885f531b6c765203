"""One connection, from the moment that it is known who talks.

Law: nothing is taken in beyond the limits, and nothing of a connection outlives it.

    in            while a turn goes on        else
    audio         who talks interrupts it     makes an utterance, then a turn
    end           (the button)                the utterance is complete: a turn
    ask           interrupts it, a turn       a turn
    stop          interrupts it               forgets what was being said; told as stopped
    refresh       a newer token               (likewise)
"""

from __future__ import annotations

import asyncio

import numpy as np
from pydantic import ValidationError

from hub.envelope import Failure, failure_of
from hub.errors import Forbidden, Unauthorized
from hub.voice.credential import Credential
from hub.voice.line import IDLE, MISUSE, TOO_LARGE, TOO_MUCH, Gone, Hangup, Line
from hub.voice.listener import Heard, Listener, Opened, Utterance, nothing
from hub.voice.pace import Bucket
from hub.voice.schemas import COMMAND, Ask, Command, End, Refresh, Start, Stop
from hub.voice.turns import Tools, Turns
from voiceassist.engines.ports import SAMPLE_RATE


class Session:
    """Serves one connection."""

    def __init__(
        self, line: Line, tools: Tools, credential: Credential, start: Start, listener: Listener
    ) -> None:
        self._line = line
        self._tools = tools
        self._limits = limits = tools.limits
        self._credential = credential
        self._listener = listener
        self._turns = Turns(
            line,
            tools,
            lambda: credential.person,
            conversation=start.conversation,
            speak=start.speak,
        )
        self._tasks = asyncio.TaskGroup()
        self._carried = nothing()  # said before who talks went on, and not asked yet
        self._faults = 0
        self._used_s = self._now()
        messages = limits.messages_per_s
        self._messages = Bucket(messages, 2 * messages, self._used_s)
        pace = limits.audio_pace * SAMPLE_RATE
        self._audio = Bucket(pace, limits.utterance_s * SAMPLE_RATE, self._used_s)

    async def run(self) -> None:
        """Serve until one side hangs up."""
        ends: list[Hangup | Gone] = []
        try:
            async with self._tasks:
                self._tasks.create_task(self._watch())
                await self._receive()  # here: a group left by its tasks alone stays cancelled
        except* (Hangup, Gone) as group:
            ends.extend(one for one in group.exceptions if isinstance(one, Hangup | Gone))
        finally:
            for end in ends[:1]:
                if isinstance(end, Hangup):
                    await self._line.hang_up(end)
            await self._turns.let_go()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._limits.check_s)
            await self._credential.check()
            if self._turns.busy:
                self._used_s = self._now()
            elif self._now() - self._used_s > self._limits.idle_s:
                message = "nobody has talked for a while; connect again to go on"
                raise Hangup(IDLE, Failure(code="IDLE", message=message))

    async def _receive(self) -> None:
        while True:
            message = await self._line.receive()
            if not self._messages.take(1, self._now()):
                raise _too_much("too many messages a second; send longer frames")
            if isinstance(message, bytes):
                await self._on_audio(message)
            else:
                await self._on_text(message)

    async def _on_audio(self, data: bytes) -> None:
        if len(data) > self._limits.frame_bytes:
            raise _too_large(self._limits.frame_bytes)
        if len(data) % 2:
            await self._fault("audio is 16-bit samples; send an even number of bytes")
            return
        if not self._audio.take(len(data) // 2, self._now()):
            raise _too_much("audio comes faster than anybody talks; send it as it is said")
        samples = np.frombuffer(data, dtype="<i2").astype(np.int16)
        hear = self._listener.hear
        for event in await asyncio.to_thread(hear, samples, over=self._turns.busy):
            await self._on_heard(event)
        self._turns.consider_partial(self._tasks, self._listener)

    async def _on_heard(self, event: Heard) -> None:
        self._used_s = self._now()
        match event:
            case Opened():
                unasked = await self._turns.interrupt()
                self._carried = unasked if event.goes_on else nothing()
                await self._line.tell("listening")
            case Utterance():
                await self._turns.interrupt()
                said = np.concatenate([self._carried, event.samples])
                self._carried = nothing()
                most = int(self._limits.utterance_s * SAMPLE_RATE)
                self._turns.hear(self._tasks, said[-most:])

    async def _on_text(self, text: str) -> None:
        if len(text) > self._limits.text_bytes:
            raise _too_large(self._limits.text_bytes)
        try:
            command = COMMAND.validate_json(text)
        except ValidationError:
            await self._fault("this message is not understood; send end, ask, stop or refresh")
            return
        self._used_s = self._now()
        await self._obey(command)

    async def _obey(self, command: Command) -> None:
        match command:
            case End():
                utterance = self._listener.end()
                if utterance is not None and (len(utterance.samples) or not self._turns.busy):
                    await self._on_heard(utterance)
            case Ask():
                self._forget()
                await self._turns.interrupt()
                self._turns.ask(self._tasks, command.text)
            case Stop():
                self._forget()
                if self._turns.busy:
                    await self._turns.interrupt()
                else:
                    await self._line.tell("stopped")
            case Refresh():
                await self._renew(command.token)

    def _forget(self) -> None:
        self._listener.drop()
        self._carried = nothing()

    async def _renew(self, token: str) -> None:
        try:
            await self._credential.renew(lambda: self._tools.sessions.who(token))
        except (Unauthorized, Forbidden) as error:  # the token in use stays
            await self._fault_of(failure_of(error))

    async def _fault(self, message: str) -> None:
        await self._fault_of(Failure(code="VALIDATION_ERROR", message=message))

    async def _fault_of(self, failure: Failure) -> None:
        self._faults += 1
        if self._faults > self._limits.faults:
            raise Hangup(MISUSE, failure)
        await self._line.fail(failure)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _too_much(message: str) -> Hangup:
    return Hangup(TOO_MUCH, Failure(code="RATE_LIMITED", message=message))


def _too_large(most: int) -> Hangup:
    message = f"more than {most} bytes in one message; send less at once"
    return Hangup(TOO_LARGE, Failure(code="PAYLOAD_TOO_LARGE", message=message))
