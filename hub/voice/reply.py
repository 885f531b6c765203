"""Tells an answer as it comes and speaks it, no faster than it is heard.

Speech is sent `lead_s` ahead of its being heard, so that whoever interrupts is not left with
minutes of it, and so that the hub knows whether it is still talking.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hub.envelope import failure_of
from hub.voice.drawing import Drawing
from hub.voice.line import Line
from hub.voice.ports import Voice
from hub.voice.schemas import Done, Event, Judged, Sentence
from voiceassist.engines.ports import Samples
from voiceassist.errors import Unavailable

_FRAME = 4096  # samples

_Queue = asyncio.Queue[tuple[int, str] | None]


class Reply:
    """One answer. Without a voice it is text alone."""

    def __init__(self, line: Line, voice: Voice | None, lead_s: float) -> None:
        self._line = line
        self._voice = voice
        self._lead_s = lead_s
        self._heard_s = 0.0  # the loop's time at which all that was sent has been heard
        self.speaking: Drawing[Samples] | None = None

    async def give(self, events: AsyncIterator[Event]) -> Done | None:
        """Tell all of it; returns once it has been heard. Raises what `events` raises, `Gone`."""
        sentences: _Queue = asyncio.Queue()
        speaker = asyncio.create_task(self._speak_all(sentences))
        done: Done | None = None
        count = 0
        try:
            async for event in events:
                match event:
                    case Judged():
                        await self._line.tell(
                            "verdict", held=event.held, reasons=event.reasons, route=event.route
                        )
                    case Sentence():
                        await self._tell(count, event)
                        sentences.put_nowait((count, event.text))
                        count += 1
                    case Done():
                        done = event
            sentences.put_nowait(None)
            await speaker
        finally:
            if self.speaking is not None:
                self.speaking.leave()
            speaker.cancel()
            await asyncio.gather(speaker, return_exceptions=True)
        return done

    async def _tell(self, index: int, one: Sentence) -> None:
        await self._line.tell(
            "sentence", index=index, text=one.text, kind=one.kind, title=one.title, place=one.place
        )

    async def _speak_all(self, sentences: _Queue) -> None:
        while (item := await sentences.get()) is not None:
            if self._voice is None:
                continue
            try:
                await self._speak(self._voice, *item)
            except Unavailable as error:  # it can still be read
                self._voice = None
                await self._line.fail(failure_of(error))
        await self._heard(0.0)

    async def _speak(self, voice: Voice, index: int, text: str) -> None:
        self.speaking = Drawing(lambda: voice.speak(text), "voice-speaks", gentle=True)
        announced = False
        async for chunk in self.speaking:
            if not announced:
                announced = True
                await self._line.tell("speech", rate=voice.rate, sentence=index)
            for start in range(0, len(chunk), _FRAME):
                await self._heard(self._lead_s)
                part = chunk[start : start + _FRAME]
                now = asyncio.get_running_loop().time()
                self._heard_s = max(self._heard_s, now) + len(part) / voice.rate
                await self._line.sound(part.astype("<i2").tobytes())

    async def _heard(self, but_s: float) -> None:
        """Wait until all has been heard but `but_s`."""
        await asyncio.sleep(self._heard_s - but_s - asyncio.get_running_loop().time())
