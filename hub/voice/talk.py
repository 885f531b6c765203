"""One browser's talk with the hub.

Law: audio is in memory alone, and only until it is recognised. One question is answered at a time;
"stop", and in hands-free mode speech, ends the answer at hand. Nothing that takes a while runs on
the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

import anyio
import numpy as np

from hub.envelope import Failure, failure_of, internal_failure
from hub.http import Person
from hub.voice.ports import Assistant, Speech
from hub.voice.schemas import Done, Event, Judged, Mode, Sentence
from hub.voice.segmenter import Segmenter
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import BadInput, VoiceAssistError

log = logging.getLogger(__name__)

T = TypeVar("T")
SendJson = Callable[[dict[str, Any]], Awaitable[None]]
SendBytes = Callable[[bytes], Awaitable[None]]

_MOST_S = 30
_PARTIAL_S = 1.0
_WORKERS = 16
_SENT_AT_ONCE = 1 << 15


class Talk:
    """Takes audio and questions; sends what comes of them. Lives on one event loop."""

    def __init__(
        self,
        person: Person,
        mode: Mode,
        conversation: str,
        assistant: Assistant,
        speech: Speech,
        send_json: SendJson,
        send_bytes: SendBytes,
        *,
        speak: bool,
    ) -> None:
        self.person = person
        self._mode = mode
        self._conversation = conversation
        self._assistant = assistant
        self._speech = speech
        self._json = send_json
        self._bytes = send_bytes
        self._speak = speak
        self._limiter = anyio.CapacityLimiter(_WORKERS)
        self._pressed: list[Samples] = []
        self._segmenter: Segmenter | None = None
        self._answering: asyncio.Task[None] | None = None
        self._partial: asyncio.Task[None] | None = None
        self._partial_at = 0
        self._plays_until = 0.0

    async def open(self) -> None:
        """Be ready to hear; raises `Unavailable` where hands-free has no weights."""
        if self._mode == "hands-free":
            activity = await self._aside(self._speech.activity)
            self._segmenter = Segmenter(activity.window, activity.probability)

    async def audio(self, data: bytes) -> None:
        """Take some of the microphone's samples."""
        samples = np.frombuffer(data, dtype="<i2")
        if self._segmenter is None:
            self._pressed.append(samples)
            if sum(map(len, self._pressed)) > _MOST_S * SAMPLE_RATE:
                self._pressed.clear()
                raise BadInput(f"an utterance may last {_MOST_S} seconds; say less at once")
            return
        for sign in await self._aside(lambda: list(self._feed(samples))):
            await self._on_sign(sign)
        if self._segmenter.speaking:
            self._guess(self._segmenter.so_far())

    async def end(self) -> None:
        """The button was let go."""
        heard, self._pressed = self._pressed, []
        if not heard:
            raise BadInput("nothing was sent to listen to; hold the button while you speak")
        await self._begin(partial(self._hear, np.concatenate(heard)))

    async def ask(self, text: str) -> None:
        """A typed question."""
        await self._begin(partial(self._answer, Transcript(text, confidence=1.0)))

    async def stop(self) -> None:
        """End the answer at hand and drop what was heard."""
        self._pressed.clear()
        if self._segmenter is not None:
            self._segmenter.reset()
        await self._silence(told=True)

    async def close(self) -> None:
        """End everything."""
        await self._silence(told=False)

    def _feed(self, samples: Samples) -> list[tuple[str, Samples]]:
        assert self._segmenter is not None  # noqa: S101 - the caller looked
        return [(sign, self._segmenter.utterance) for sign in self._segmenter.feed(samples)]

    async def _on_sign(self, sign: tuple[str, Samples]) -> None:
        what, utterance = sign
        if what == "began":
            self._partial_at = 0
            if self._replying():
                await self._silence(told=True)
        elif what == "ended":
            await self._begin(partial(self._hear, utterance))
        else:
            await self._json({"type": "unheard", "why": "too_long"})

    def _replying(self) -> bool:
        at_work = self._answering is not None and not self._answering.done()
        return at_work or asyncio.get_running_loop().time() < self._plays_until

    def _guess(self, samples: Samples) -> None:
        """Recognise what there is so far, where nobody else needs the recogniser."""
        due = len(samples) - self._partial_at >= _PARTIAL_S * SAMPLE_RATE
        idle = self._partial is None or self._partial.done()
        if due and idle and not self._speech.busy:
            self._partial_at = len(samples)
            self._partial = asyncio.create_task(self._told_partial(samples))

    async def _told_partial(self, samples: Samples) -> None:
        try:
            heard = await self._aside(self._speech.hear, samples)
        except VoiceAssistError:
            return  # the whole utterance will tell
        if self._segmenter is not None and self._segmenter.speaking:
            await self._json({"type": "partial", "text": heard.text})

    async def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._silence(told=True)
        self._answering = asyncio.create_task(self._guarded(work))

    async def _silence(self, *, told: bool) -> None:
        replying = self._replying()
        self._plays_until = 0.0
        for task in (self._answering, self._partial):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if told and replying:
            await self._json({"type": "stopped"})

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except VoiceAssistError as error:
            await self._fail(failure_of(error))
        except Exception as error:  # noqa: BLE001 - the connection goes on
            log.error("a spoken question failed: %s", type(error).__name__)  # noqa: TRY400 - its message may repeat words
            await self._fail(internal_failure())

    async def _fail(self, failure: Failure) -> None:
        await self._json({"type": "error", **failure.model_dump()})

    async def _hear(self, samples: Samples) -> None:
        heard = await self._aside(self._speech.hear, samples)
        if not heard.text.strip():
            await self._json({"type": "unheard", "why": "empty"})
            return
        confidence = round(heard.confidence, 3)
        await self._json({"type": "final", "text": heard.text, "confidence": confidence})
        await self._answer(heard)

    async def _answer(self, heard: Transcript) -> None:
        events = iter(self._assistant.ask(self.person, heard, self._conversation))
        sentences: asyncio.Queue[str | None] = asyncio.Queue()
        saying = asyncio.create_task(self._say_all(sentences))
        try:
            done = await self._tell_all(events, sentences)
            await saying
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)
        if done is not None:
            self._conversation = done.conversation
            await self._json({"type": "done", **asdict(done)})

    async def _tell_all(
        self, events: Iterator[Event], sentences: asyncio.Queue[str | None]
    ) -> Done | None:
        done = None
        while (event := await self._aside(next, events, None)) is not None:
            await self._tell(event)
            if isinstance(event, Sentence):
                sentences.put_nowait(event.text)
            elif isinstance(event, Done):
                done = event
        sentences.put_nowait(None)
        return done

    async def _tell(self, event: Event) -> None:
        if isinstance(event, Judged):
            told = {"held": event.held, "reasons": [*event.reasons], "route": event.route}
            await self._json({"type": "verdict", **told})
        elif isinstance(event, Sentence):
            told_of = {"kind": event.kind, "title": event.title, "place": event.place}
            await self._json({"type": "sentence", "text": event.text, **told_of})

    async def _say_all(self, sentences: asyncio.Queue[str | None]) -> None:
        try:
            while (text := await sentences.get()) is not None:
                if self._speak:
                    await self._say(text)
        except VoiceAssistError as error:  # the answer stands in writing all the same
            await self._fail(failure_of(error))

    async def _say(self, text: str) -> None:
        samples, rate = await self._aside(self._speech.say, text)
        now = asyncio.get_running_loop().time()
        self._plays_until = max(now, self._plays_until) + len(samples) / rate
        data = samples.astype("<i2").tobytes()
        await self._json({"type": "speech", "rate": rate, "bytes": len(data)})
        for start in range(0, len(data), _SENT_AT_ONCE):
            await self._bytes(data[start : start + _SENT_AT_ONCE])

    async def _aside(self, work: Callable[..., T], *arguments: Any) -> T:
        return await anyio.to_thread.run_sync(
            partial(work, *arguments), limiter=self._limiter, abandon_on_cancel=True
        )
