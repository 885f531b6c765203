"""The microphone: samples for ever, whatever the device does.

Law: a place in the stream is a count of samples at 16 kHz, and `moment` is true for it. Where there
is no device, or it is muted, silence fills the time. From the moment `mute` returns no sample that
was captured passes, and the operating system has no capture of ours.

    muted   ── mute(on=False) ──▶ closed
    closed  ── opened ──▶ open, else again later
    open    ── its process ended, or no block for STALL_S ──▶ closed
    any     ── mute(on=True) ──▶ muted
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable

import numpy as np

from appliance.adapters.resample import Resampler
from appliance.adapters.sound.child import BLOCK_MS, STALL_S, Asked
from appliance.adapters.sound.devices import DeviceStream
from appliance.adapters.sound.echo import Echo
from appliance.adapters.sound.timebase import Timebase
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import AudioProfile
from voiceassist.errors import Unavailable

log = logging.getLogger(__name__)

_BEHIND = 500  # blocks, ten seconds: a room that far behind drops the oldest
_FIRST_S = 5.0  # a device may take so long to give its first block
_GAP = SAMPLE_RATE * 60 // 1000  # moments scatter by less
_LOOK_S = 0.1
_PACE_S = 0.02
_RETRY_S = (0.25, 0.5, 1.0, 2.0, 5.0)
_LONGEST_SILENCE = SAMPLE_RATE

_Block = tuple[int, Samples, float]
"""The opening that it comes from, samples, and the moment of the first of them."""


class Microphone:
    """A capture device, by name ("" is the system's default), of the profile's channels."""

    def __init__(
        self,
        device: str,
        echo: Echo,
        clock: Callable[[], float] = time.perf_counter,
        profile: AudioProfile | None = None,
    ) -> None:
        profile = profile or AudioProfile()
        self._asked = Asked(
            capture=True, device=device, rate=SAMPLE_RATE, channels=profile.channels, latency_s=0
        )
        self._channel = profile.channel
        self._echo = echo
        self._clock = clock
        self._times = Timebase(SAMPLE_RATE)
        self._place = 0
        self._lock = threading.Lock()
        self._muted = False
        self._opening = 0  # its number: what an older one captured counts no more
        self._stream: DeviceStream | None = None
        self._trying: asyncio.Task[None] | None = None
        self._fresh = True
        self._block_at = 0.0
        self._retry_at = 0.0
        self._failures = 0
        self.problem = ""
        """One line for a person: why nothing is heard."""
        self.captured = 0
        """How many samples the device has given."""

    @property
    def muted(self) -> bool:
        """Whether the device is closed on purpose."""
        return self._muted

    @property
    def drift(self) -> float:
        """By how much a second of the card is longer than one of the machine."""
        return self._times.drift

    def mute(self, *, on: bool) -> None:
        """Close the device, or open it again; from any thread."""
        with self._lock:
            self._muted = on
            self._retry_at, self._failures = 0.0, 0
            self.problem = ""
        self._close()

    def restart(self) -> None:
        """Open the device anew, as after it was found to give nothing."""
        if not self._muted:
            self.mute(on=False)

    def moment(self, sample: int) -> float:
        """When `sample` was captured."""
        return self._times.moment(sample)

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """Blocks as they are captured, for ever."""
        blocks: asyncio.Queue[_Block] = asyncio.Queue(_BEHIND)
        self._times.begin(self._place, self._clock())
        try:
            while True:
                if self._muted or not await self._listening(blocks):
                    await asyncio.sleep(_PACE_S)
                    yield self._silence()
                    continue
                opening, block, moment = await self._next(blocks)
                if not len(block) or opening != self._opening:
                    continue
                if (missing := self._missing(moment)) > 0:
                    self._place += missing
                    yield np.zeros(missing, dtype=np.int16)
                    if opening != self._opening:
                        continue
                self._place += len(block)
                self._times.heard(self._place, moment + len(block) / SAMPLE_RATE)
                yield block
        finally:
            self._close()
            if self._trying is not None:
                await asyncio.wait({self._trying})

    async def _next(self, blocks: asyncio.Queue[_Block]) -> _Block:
        try:
            # not wait_for: in Python 3.11 it can lose a cancellation that comes with a block
            async with asyncio.timeout(_LOOK_S):
                block = await blocks.get()
        except TimeoutError:
            patience = _FIRST_S if self._fresh else STALL_S
            if self._clock() - self._block_at > patience:
                self._lost("the microphone has stalled; check its plug")
            return self._opening, np.zeros(0, dtype=np.int16), 0.0
        self._block_at = self._clock()
        return block

    async def _listening(self, blocks: asyncio.Queue[_Block]) -> bool:
        """Whether the device is open; it is tried again from time to time."""
        stream = self._stream
        if stream is not None and (stream.active or not blocks.empty()):
            return True
        if stream is not None:
            self._lost("the microphone has gone; plug it in again")
        if self._trying is None and self._clock() >= self._retry_at:
            loop = asyncio.get_running_loop()
            self._trying = asyncio.create_task(asyncio.to_thread(self._open, blocks, loop))
        elif self._trying is not None and self._trying.done():
            trying, self._trying = self._trying, None
            try:
                await trying
            except Unavailable as error:
                self._lost(str(error))
        return self._stream is not None

    def _open(self, blocks: asyncio.Queue[_Block], loop: asyncio.AbstractEventLoop) -> None:
        opening = self._opening
        stream = DeviceStream(self._asked)
        resampler = Resampler(stream.opened.rate, SAMPLE_RATE)
        behind = 0  # samples that were captured and not cleaned yet

        def take(block: _Block) -> None:
            if blocks.full():
                blocks.get_nowait()
            blocks.put_nowait(block)

        def heard(_kind: bytes, moment: float, data: bytes) -> None:
            nonlocal behind
            samples = resampler.push(self._one_channel(data))
            self.captured += len(samples)
            cleaned = self._echo.captured(samples, moment)
            begins = moment - behind / SAMPLE_RATE
            behind += SAMPLE_RATE * BLOCK_MS // 1000 - len(cleaned)
            if not loop.is_closed():
                loop.call_soon_threadsafe(take, (opening, cleaned, begins))

        with self._lock:
            if opening == self._opening and not self._muted:
                self._fresh, self._block_at = True, self._clock()
                self._stream, self.problem, self._failures = stream, "", 0
                stream.follow(heard)
                return
        stream.close()  # it was muted meanwhile

    def _one_channel(self, data: bytes) -> Samples:
        samples = np.frombuffer(data, dtype=np.int16).reshape(-1, self._asked.channels)
        one = samples.mean(axis=1) if self._channel < 0 else samples[:, self._channel]
        return np.ascontiguousarray(one, dtype=np.int16)

    def _missing(self, moment: float) -> int:
        """Samples that were lost before a block that begins at `moment`."""
        owed = self._times.owed(self._place, moment)
        if not self._fresh and abs(owed) < _GAP:
            return 0
        self._fresh = False
        owed = max(0, owed)
        self._times.begin(self._place + owed, moment)
        return owed

    def _silence(self) -> Samples:
        owed = min(max(0, self._times.owed(self._place, self._clock())), _LONGEST_SILENCE)
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
            self._opening += 1
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
