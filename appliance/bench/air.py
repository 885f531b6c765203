"""The air of a room in real time: what is said into it, and a speaker whose sound is timed.

In the place of microphone and speaker where the time from one to the other is measured: both go by
one clock, in blocks of 20 ms as a sound card does, and what a device adds to that is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import numpy as np

from appliance.bench.acoustics import ROOM_DB, noise, pcm
from appliance.stages import Played
from voiceassist.engines.ports import SAMPLE_RATE, Samples

BLOCK_S = 0.02
_BLOCK = round(BLOCK_S * SAMPLE_RATE)
_NOISE_S = 20
_AHEAD_S = 2.0


class Air:
    """A source of samples that never ends: a quiet room, and what is said in it."""

    def __init__(self, clock: Callable[[], float], seed: int = 1) -> None:
        self._clock = clock
        self._start = clock()
        self._place = 0  # the next block's first sample
        self._said: deque[tuple[int, Samples]] = deque()
        self._room: Samples = pcm(noise(_NOISE_S * SAMPLE_RATE, ROOM_DB, seed))

    def say(self, samples: Samples) -> float:
        """Say it from now on; the moment of its first sample."""
        now = round((self._clock() - self._start) * SAMPLE_RATE)
        place = max(self._place, now)
        self._said.append((place, samples))
        return self.moment(place)

    def moment(self, sample: int) -> float:
        """When `sample` was in the air."""
        return self._start + sample / SAMPLE_RATE

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """Blocks, each once it has been."""
        while True:
            over = self.moment(self._place + _BLOCK)
            await asyncio.sleep(max(0.0, over - self._clock()))
            block = self._mixed(self._place)
            self._place += _BLOCK
            yield block

    def _mixed(self, place: int) -> Samples:
        at = np.arange(place, place + _BLOCK) % len(self._room)
        block = self._room[at].astype(np.int32)
        for begins, samples in self._said:
            first, last = max(place, begins), min(place + _BLOCK, begins + len(samples))
            if first < last:
                block[first - place : last - place] += samples[first - begins : last - begins]
        while self._said and self._said[0][0] + len(self._said[0][1]) <= place:
            self._said.popleft()
        return np.clip(block, -32768, 32767).astype(np.int16)


class Loudspeaker:
    """Plays in real time and remembers when: `blocks` are beginnings and ends of what sounded."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._paused = False
        self._stopped = False
        self.blocks: list[tuple[float, float]] = []
        self.stops: list[float] = []

    def pause(self) -> None:
        """Be silent from the next block on."""
        self._paused = True

    def resume(self) -> None:
        """Go on."""
        self._paused = False

    def stop(self) -> None:
        """End what is played."""
        self._stopped, self._paused = True, False
        self.stops.append(self._clock())

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Play to the end, or until stopped."""
        self._stopped = False
        waiting = _Waiting(speech, round(BLOCK_S * sample_rate))
        filling = asyncio.create_task(waiting.fill())
        first, count, free_at = None, 0, self._clock()
        try:
            while not self._stopped:
                await asyncio.sleep(max(0.002, free_at - self._clock()))
                if self._stopped or (filling.done() and not waiting.left):
                    break
                taken = 0 if self._paused else waiting.take()
                if not taken:
                    continue
                begins = max(free_at, self._clock() - BLOCK_S / 4)
                free_at = begins + taken / sample_rate
                self.blocks.append((begins, free_at))
                first = begins if first is None else first
                count += taken
            if not self._stopped:
                await filling  # what the speech raised
        finally:
            filling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await filling
        return Played(first, count, whole=not self._stopped)

    def first_since(self, moment: float) -> float | None:
        """When sound first began after `moment`."""
        return next((begins for begins, _ in self.blocks if begins >= moment), None)

    def silent_since(self, moment: float) -> float | None:
        """When it was first silent, for two blocks at least, after it sounded at `moment`."""
        sounding = [block for block in self.blocks if block[1] > moment]
        for (_, ends), (begins, _) in itertools.pairwise(sounding):
            if begins - ends >= 2 * BLOCK_S:
                return ends
        return sounding[-1][1] if sounding else None


class _Waiting:
    """Speech on its way to the speaker, counted in samples."""

    def __init__(self, speech: AsyncIterator[Samples], block: int) -> None:
        self._speech = speech
        self._block = block
        self._complete = False
        self.left = 0

    async def fill(self) -> None:
        try:
            async for chunk in self._speech:
                self.left += len(chunk)
                while self.left > self._block * _AHEAD_S / BLOCK_S:  # noqa: ASYNC110 - it plays
                    await asyncio.sleep(BLOCK_S / 2)
        finally:
            self._complete = True

    def take(self) -> int:
        """So many samples go now: a block, or the rest of what is complete."""
        if self.left < self._block and not self._complete:
            return 0
        taken = min(self._block, self.left)
        self.left -= taken
        return taken
