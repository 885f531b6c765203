"""The speech of one turn: it can be paused and stopped before it has begun, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from appliance.adapters.tones import once
from appliance.stages import Interruptible, Played
from voiceassist.engines.ports import Samples


class TurnSpeech:
    """A speaker that turns and announcements share; `begin` is said before each turn."""

    def __init__(self, speaker: Interruptible) -> None:
        self._speaker = speaker
        self._one_at_a_time = asyncio.Lock()
        self._goes_on = asyncio.Event()
        self._stopped = False
        self.begin()

    def begin(self) -> None:
        """A turn begins: nothing is paused or stopped."""
        self._stopped = False
        self.resume()

    def pause(self) -> None:
        """Be silent at once, and begin nothing."""
        self._goes_on.clear()
        self._speaker.pause()

    def resume(self) -> None:
        """Go on, or begin."""
        self._goes_on.set()
        self._speaker.resume()

    def stop(self) -> None:
        """Say no more until the next turn begins."""
        self._stopped = True
        self._speaker.stop()
        self._goes_on.set()

    async def beep(self, samples: Samples, sample_rate: int) -> None:
        """A tone, unless somebody speaks or has paused: then nobody needs one."""
        if self._one_at_a_time.locked() or not self._goes_on.is_set():
            return
        async with self._one_at_a_time:
            await self._speaker.play(once(samples), sample_rate)

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Play to the end, or until stopped."""
        async with self._one_at_a_time:
            await self._goes_on.wait()
            if self._stopped:
                return Played(None, 0, whole=False)
            return await self._speaker.play(speech, sample_rate)
