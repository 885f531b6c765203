"""The speaker: what is played can be paused, gone on with and stopped within a block.

Law: what counts as played is what the device has taken. What waits for it is played after a pause,
and once the device has come back, and is dropped by a stop.

The device stays open between two replies, since opening it takes time that somebody waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from appliance.adapters.sound import child
from appliance.adapters.sound.devices import DeviceStream
from appliance.adapters.sound.echo import Echo
from appliance.adapters.sound.flight import Flight
from appliance.stages import Played
from voiceassist.engines.ports import Samples
from voiceassist.errors import Unavailable

log = logging.getLogger(__name__)

_LOOK_S = 0.01
_AHEAD_S = 2.0  # what is made beyond that is made in vain if it is stopped
_FIRST_S = 5.0  # a device may take so long to take its first block
_GONE_S = 5.0  # a device that stays away so long fails the speech
_RETRY_S = 0.25
_DROP_S = 0.3


class Speaker:
    """A sound device, by name ("" is the system's default). One speech at a time."""

    def __init__(
        self, device: str, echo: Echo, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._device = device
        self._echo = echo
        self._clock = clock
        self._lock = threading.RLock()
        self._stream: DeviceStream | None = None
        self._flight = Flight(1)
        self._paused = False
        self._playing = False
        self._stopped = False
        self._dropping_since: float | None = None
        self._patient_until = 0.0  # the device has stalled if it takes nothing until then
        self.problem = ""
        """One line for a person: why nothing is said."""

    @property
    def heard(self) -> Played:
        """What was heard so far of the speech that is played, or was last."""
        with self._lock:
            played = self._flight.played
            return replace(played, whole=played.whole and not self._stopped)

    def pause(self) -> None:
        """Be silent from the next block on."""
        self._pause(on=True)

    def resume(self) -> None:
        """Go on where it was paused."""
        self._pause(on=False)

    def stop(self) -> None:
        """End what is played; ends a pause, too."""
        with self._lock:
            self._pause(on=False)
            if not self._playing:
                return
            self._stopped = True
            if self._stream is not None and self._dropping_since is None:
                self._dropping_since = self._clock()
                self._stream.send(child.DROP)

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Play to the end, or until stopped; raises `Unavailable`."""
        await self._dropped()
        with self._lock:
            self._flight = Flight(sample_rate)
            self._playing, self._stopped = True, False
        filling = asyncio.create_task(self._fill(speech))
        try:
            while not self._stopped and not (filling.done() and self._flight.landed):
                await asyncio.sleep(_LOOK_S)
                await self._keep_going()
            if not self._stopped:
                await filling
                await asyncio.sleep(max(0.0, self._flight.over_at - self._clock()))
        finally:
            filling.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await filling
            if not self.heard.whole:
                self.stop()
            self._playing = False
        await self._dropped()
        return self.heard

    async def open(self, sample_rate: int) -> None:
        """Have the device ready before somebody waits for it; a failure is told by `problem`."""
        with self._lock:
            self._flight = Flight(sample_rate)
        with contextlib.suppress(Unavailable):
            await asyncio.to_thread(self._open)

    def close(self) -> None:
        """Let go of the device."""
        with self._lock:
            stream, self._stream = self._stream, None
            self._flight.turn_back()
            self._dropping_since = None
        if stream is not None:
            stream.close()

    def _pause(self, *, on: bool) -> None:
        with self._lock:
            self._paused = on
            self._patient_until = self._clock() + child.STALL_S
            if self._stream is not None:
                self._stream.send(child.PAUSE if on else child.RESUME)

    async def _fill(self, speech: AsyncIterator[Samples]) -> None:
        try:
            async for chunk in speech:
                with self._lock:
                    self._flight.add(chunk)
                    self._pump()
                while self._flight.waiting_s > _AHEAD_S:  # noqa: ASYNC110 - a thread takes them
                    await asyncio.sleep(_LOOK_S)
        finally:
            with self._lock:
                self._flight.complete = True
                self._pump()

    async def _keep_going(self) -> None:
        """Open the device, and again where it has gone or stalled; raises `Unavailable`."""
        begun = self._clock()
        while not self._stopped and not self._flight.landed and not self._works():
            self.close()
            try:
                await asyncio.to_thread(self._open)
            except Unavailable:
                if self._clock() - begun > _GONE_S or not self.heard.samples:
                    raise
                await asyncio.sleep(_RETRY_S)

    def _works(self) -> bool:
        if self._stream is None or not self._stream.active:
            return False
        late = self._clock() > self._patient_until
        return self._paused or not self._flight.flying or not late

    def _open(self) -> None:
        try:
            stream = DeviceStream(
                child.Asked(
                    capture=False, device=self._device, rate=self._flight.rate, channels=1,
                    latency_s=0,
                )
            )  # fmt: skip
        except Unavailable as error:
            log.warning("%s", error)
            self.problem = str(error)
            raise
        with self._lock:
            self._stream, self.problem = stream, ""
            self._patient_until = self._clock() + _FIRST_S
            if self._paused:
                stream.send(child.PAUSE)
            stream.follow(self._told)
            self._pump()

    def _told(self, kind: bytes, moment: float, _data: bytes) -> None:
        """On the stream's thread."""
        with self._lock:
            if kind == child.DROPPED:
                self._flight.drop()
                self._dropping_since = None
            elif kind == child.TAKEN and self._flight.flying:
                self._patient_until = self._clock() + child.STALL_S
                block = self._flight.take(moment)
                self._pump()
                self._echo.played(block, self._flight.rate, moment)

    def _pump(self) -> None:
        if self._stream is None or self._stopped or self._dropping_since is not None:
            return
        while (block := self._flight.next_block(self._stream.opened.rate)) is not None:
            self._stream.send(child.BLOCK, block.astype("<i2").tobytes())

    async def _dropped(self) -> None:
        """Wait until nothing of what was stopped is played any more."""
        while (since := self._dropping_since) is not None:
            if self._clock() - since > _DROP_S:
                self.close()
            await asyncio.sleep(_LOOK_S / 2)
