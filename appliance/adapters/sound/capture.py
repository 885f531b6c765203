"""The microphone: samples for ever, whatever the device does.

Law: a place in the stream is a count of samples at 16 kHz, and `moment` is true for it. Where there
is no device, or it is muted, silence fills the time. From the moment `mute` returns no sample that
was captured passes, and the device is closed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import numpy as np

from appliance.adapters.sound.devices import close_stream, open_stream
from appliance.adapters.sound.echo import Echo
from appliance.adapters.sound.timebase import Timebase
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import Unavailable

log = logging.getLogger(__name__)

_BLOCK = SAMPLE_RATE // 50
_BEHIND = 500  # blocks, ten seconds: a room that far behind drops the oldest
_LATENCY_S = 0.1  # less, and a sound server may take seconds to begin
_STALL_S = 1.0
_PACE_S = 0.02
_RETRY_S = (0.25, 0.5, 1.0, 2.0, 5.0)


class Microphone:
    """A capture device, by name ("" is the system's default)."""

    def __init__(
        self, device: str, echo: Echo, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._device = device
        self._echo = echo
        self._clock = clock
        self._times = Timebase(SAMPLE_RATE)
        self._place = 0
        self._lock = threading.Lock()
        self._muted = False
        self._generation = 0
        self._stream: Any = None
        self._retry_at = 0.0
        self._failures = 0
        self.latency_s = 0.0
        self.problem = ""
        """One line for a person: why nothing is heard."""
        self.captured = 0
        """How many samples the device has given."""

    @property
    def muted(self) -> bool:
        """Whether the device is closed on purpose."""
        return self._muted

    def mute(self, *, on: bool) -> None:
        """Close the device, or open it again; from any thread."""
        with self._lock:
            self._muted = on
            self._generation += 1
            self._retry_at, self._failures = 0.0, 0
            self.problem = ""
            stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)

    def moment(self, sample: int) -> float:
        """When `sample` was captured."""
        return self._times.moment(sample)

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """Blocks as they are captured, for ever."""
        blocks: asyncio.Queue[tuple[int, Samples]] = asyncio.Queue(_BEHIND)
        self._times.begin(self._place, self._clock())
        try:
            while True:
                if self._muted or not await self._listening(blocks):
                    await asyncio.sleep(_PACE_S)
                    yield self._silence()
                    continue
                try:
                    generation, block = await asyncio.wait_for(blocks.get(), _STALL_S)
                except TimeoutError:
                    self._lost("the microphone has stalled; check its plug")
                    continue
                if generation != self._generation:
                    continue
                if (missing := self._missing(len(block))) > 0:
                    self._place += missing
                    yield np.zeros(missing, dtype=np.int16)
                    if generation != self._generation:
                        continue
                self._place += len(block)
                yield block
        finally:
            self._close()

    async def _listening(self, blocks: asyncio.Queue[tuple[int, Samples]]) -> bool:
        """Whether the device is open; it is tried again from time to time."""
        if self._stream is not None and self._stream.active:
            return True
        if self._stream is not None:
            self._lost("the microphone has gone; plug it in again")
        if self._clock() < self._retry_at:
            return False
        try:
            await asyncio.to_thread(self._open, blocks, asyncio.get_running_loop())
        except Unavailable as error:
            self._lost(str(error))
            return False
        return self._stream is not None

    def _open(
        self, blocks: asyncio.Queue[tuple[int, Samples]], loop: asyncio.AbstractEventLoop
    ) -> None:
        generation = self._generation

        def take(block: Samples) -> None:
            if blocks.full():
                blocks.get_nowait()
            blocks.put_nowait((generation, block))

        def captured(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            if generation != self._generation:
                return
            self.captured += len(data)
            cleaned = self._echo.captured(np.array(data[:, 0], dtype=np.int16))
            if len(cleaned) and not loop.is_closed():
                loop.call_soon_threadsafe(take, cleaned)

        stream = open_stream(
            lambda library: library.InputStream(
                samplerate=SAMPLE_RATE, channels=1, dtype="int16", blocksize=_BLOCK,
                device=self._device or None, latency=_LATENCY_S, callback=captured,
            ),
            "microphone",
            "audio.input",
        )  # fmt: skip
        with self._lock:
            if generation == self._generation:
                self._stream, self.problem, self._failures = stream, "", 0
                self.latency_s = float(stream.latency)
                return
        close_stream(stream)  # it was muted meanwhile

    def _missing(self, length: int) -> int:
        """Samples that were lost before a block of `length`, told by the clock."""
        now = self._clock()
        owed = self._times.owed(self._place, now) - length
        if owed > SAMPLE_RATE // 2:
            return owed
        self._times.heard(self._place + length, now)
        return 0

    def _silence(self) -> Samples:
        owed = min(self._times.owed(self._place, self._clock()), SAMPLE_RATE)
        self._place += owed
        return np.zeros(owed, dtype=np.int16)

    def _lost(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem
        self._retry_at = self._clock() + _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
        self._failures += 1
        self._close()

    def _close(self) -> None:
        with self._lock:
            self._generation += 1
            stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)
