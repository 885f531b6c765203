"""The speaker: what is played can be paused, gone on with and stopped within a block.

The device stays open between two replies, since opening it takes time that somebody waits for, and
the echo's reference must go on through silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from appliance.adapters.sound.devices import close_stream, open_stream
from appliance.adapters.sound.echo import Echo
from appliance.stages import Played
from voiceassist.engines.ports import Samples

log = logging.getLogger(__name__)

_BLOCK_MS = 20
_STALL_S = 2.0


class Speaker:
    """A sound device, by name ("" is the system's default). One speech at a time."""

    def __init__(
        self, device: str, echo: Echo, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._device = device
        self._echo = echo
        self._clock = clock
        self._stream: Any = None
        self._rate = 0
        self._lock = threading.Lock()
        self._waiting: deque[Samples] = deque()
        self._given = 0  # samples of this speech that the device took
        self._first_at: float | None = None
        self._paused = False
        self._stopped = False
        self._called_at = 0.0
        self.latency_s = 0.0

    def pause(self) -> None:
        """Be silent from the next block on."""
        self._paused = True

    def resume(self) -> None:
        """Go on where it was paused."""
        self._paused = False

    def stop(self) -> None:
        """End what is played; ends a pause, too."""
        with self._lock:
            self._stopped = True
            self._waiting.clear()
        self._paused = False

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Play to the end, or until stopped; raises `Unavailable`."""
        with self._lock:
            self._waiting.clear()
            self._given, self._first_at, self._stopped = 0, None, False
        filling = asyncio.create_task(self._fill(speech, sample_rate))
        try:
            while not self._stopped and (self._waiting or not filling.done()):
                await asyncio.sleep(_BLOCK_MS / 1000)
                await self._alive(sample_rate)
            if not self._stopped:
                await filling
        finally:
            filling.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await filling
        whole = not self._stopped
        if whole and self._given:
            await asyncio.sleep(self.latency_s)  # what the device still holds
        return Played(self._first_at, self._given, whole=whole)

    def close(self) -> None:
        """Let go of the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)

    async def _fill(self, speech: AsyncIterator[Samples], rate: int) -> None:
        async for chunk in speech:
            if self._stream is None or rate != self._rate:
                await asyncio.to_thread(self._open, rate)
            with self._lock:
                if not self._stopped and len(chunk):
                    self._waiting.append(chunk)

    async def _alive(self, rate: int) -> None:
        """Open a device again that has stalled or gone, once; raises `Unavailable`."""
        stream = self._stream
        if stream is None:
            return
        if stream.active and self._clock() - self._called_at < _STALL_S:
            return
        log.warning("the speaker has stalled; it is opened again")
        self.close()
        await asyncio.to_thread(self._open, rate)

    def _open(self, rate: int) -> None:
        self.close()
        self._rate = rate
        self._called_at = self._clock() + _STALL_S
        self._stream = open_stream(
            lambda library: library.OutputStream(
                samplerate=rate, channels=1, dtype="int16", blocksize=rate * _BLOCK_MS // 1000,
                device=self._device or None, latency="low", callback=self._play,
            ),
            "speaker",
            "audio.output",
        )  # fmt: skip
        self.latency_s = float(self._stream.latency)

    def _play(self, out: Any, frames: int, times: Any, _status: Any) -> None:
        """On the device's thread: fill the next block, and tell the echo what it is."""
        self._called_at = now = self._clock()
        block = np.zeros(frames, dtype=np.int16)
        if not self._paused:
            with self._lock:
                filled = self._take(block)
                self._given += filled
            if filled and self._first_at is None:
                ahead = times.outputBufferDacTime - times.currentTime
                self._first_at = now + (ahead if 0 < ahead < 1 else self.latency_s)
        self._echo.played(block, self._rate)
        out[:, 0] = block

    def _take(self, block: Samples) -> int:
        filled = 0
        while filled < len(block) and self._waiting:
            chunk = self._waiting.popleft()
            part = min(len(chunk), len(block) - filled)
            block[filled : filled + part] = chunk[:part]
            filled += part
            if part < len(chunk):
                self._waiting.appendleft(chunk[part:])
        return filled
