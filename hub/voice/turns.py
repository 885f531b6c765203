"""One question at a time: recognised, asked, answered, spoken; or interrupted.

Law: what was not heard well is not asked, and no question begins before the one before has ended.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hub.envelope import Failure, failure_of, internal_failure
from hub.http import Person
from hub.voice.drawing import Drawing
from hub.voice.line import Gone, Line
from hub.voice.listener import Listener, nothing
from hub.voice.ports import Assistant, Sessions, Speech
from hub.voice.recogniser import Recogniser
from hub.voice.reply import Reply
from hub.voice.schemas import Event, Limits
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import Unavailable, VoiceAssistError

log = logging.getLogger(__name__)

_MOST_NO_SPEECH = 0.6  # as the recogniser's own rule
_UNHEARD = Failure(
    code="NOT_HEARD", message="that was not heard well enough; say it again, or type it"
)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a connection works with. `now_s` is Unix seconds."""

    assistant: Assistant
    sessions: Sessions
    speech: Speech
    recogniser: Recogniser
    limits: Limits
    now_s: Callable[[], float]


class Turns:
    """The turns of one connection. `person` tells who asks, at the time of asking."""

    def __init__(
        self,
        line: Line,
        tools: Tools,
        person: Callable[[], Person],
        *,
        conversation: str,
        speak: bool,
    ) -> None:
        self._line = line
        self._tools = tools
        self._person = person
        self._conversation = conversation
        self._voice = tools.speech.voice if speak else None
        self._task: asyncio.Task[None] | None = None
        self._partial: asyncio.Task[None] | None = None
        self._partial_of = 0  # samples that the last partial was made of
        self._unasked = nothing()  # what is being recognised
        self._events: Drawing[Event] | None = None
        self._reply: Reply | None = None

    @property
    def busy(self) -> bool:
        """Whether a question is being recognised, asked or answered."""
        return self._task is not None and not self._task.done()

    def hear(self, tasks: asyncio.TaskGroup, samples: Samples) -> None:
        """Begin a turn with what was said."""
        self._unasked = samples
        self._begin(tasks, self._heard(samples))

    def ask(self, tasks: asyncio.TaskGroup, text: str) -> None:
        """Begin a turn with what was typed."""
        self._begin(tasks, self._typed(text))

    async def interrupt(self) -> Samples:
        """End the turn, if there is one; what was said in it, where it was not asked yet."""
        task, self._task = self._task, None
        if task is None or task.done():
            return nothing()
        unasked = self._unasked
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._line.tell("stopped")
        return unasked

    async def let_go(self) -> None:
        """Wait for the threads that answer and speak, once the turn has ended."""
        speaking = self._reply.speaking if self._reply is not None else None
        for one in (self._events, speaking):
            if one is not None and not await one.ended(self._tools.limits.patience_s):
                log.warning("an answer's thread goes on after its connection")

    def consider_partial(self, tasks: asyncio.TaskGroup, listener: Listener) -> None:
        """Recognise what there is so far, now and then, where the recogniser has nothing to do."""
        running = self._partial is not None and not self._partial.done()
        if running or not listener.open or not self._tools.recogniser.idle:
            return
        samples = listener.so_far()
        least = int(self._tools.limits.partial_s * SAMPLE_RATE)
        if len(samples) < self._partial_of:
            self._partial_of = 0  # another utterance
        if len(samples) - self._partial_of >= least:
            self._partial_of = len(samples)
            self._partial = tasks.create_task(self._guess(samples, listener))

    def _begin(self, tasks: asyncio.TaskGroup, turn: Coroutine[Any, Any, None]) -> None:
        self._partial_of = 0
        self._task = tasks.create_task(self._guard(turn))

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Gone:
            pass  # who receives learns of it, too
        except VoiceAssistError as error:
            await self._line.fail(failure_of(error))
        except Exception as error:  # noqa: BLE001 - the connection serves on
            # the type alone: a message may repeat the words
            log.error("a turn failed: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
            await self._line.fail(internal_failure())

    async def _guess(self, samples: Samples, listener: Listener) -> None:
        try:
            heard = await self._tools.recogniser.transcribe(samples)
        except Exception:  # noqa: BLE001 - whatever it is, the whole utterance will meet it, and tell
            return
        if listener.open and heard.text:
            with suppress(Gone):
                await self._line.tell("partial", text=heard.text)

    async def _heard(self, samples: Samples) -> None:
        heard = await self._tools.recogniser.transcribe(samples)
        self._unasked = nothing()
        shown = round(heard.confidence, 3) if math.isfinite(heard.confidence) else 0.0
        await self._line.tell("final", text=heard.text, confidence=shown)
        sure = heard.confidence >= self._tools.limits.least_confidence  # a NaN is not
        if not (heard.text.strip() and sure and heard.no_speech <= _MOST_NO_SPEECH):
            await self._line.fail(_UNHEARD)
            return
        await self._answer(heard)

    async def _typed(self, text: str) -> None:
        await self._line.tell("final", text=text, confidence=1.0)
        await self._answer(Transcript(text=text, confidence=1.0))

    async def _answer(self, question: Transcript) -> None:
        if self._events is not None and not await self._events.ended(self._tools.limits.patience_s):
            raise Unavailable("the answer before has not ended yet; wait a moment and ask again")
        person, conversation = self._person(), self._conversation
        events = Drawing(
            lambda: self._tools.assistant.ask(person, question, conversation), "voice-answers"
        )
        self._events = events
        self._reply = Reply(self._line, self._voice, self._tools.limits.lead_s)
        try:
            done = await self._reply.give(events)
        finally:
            events.leave()
        if done is not None:
            self._conversation = done.conversation
            await self._line.tell(
                "done", route=done.route, message=done.message, conversation=done.conversation
            )
