"""A microphone as a stream of chunks that never stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import numpy as np

from appliance.adapters.sound import sound_library
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import Unavailable

_BLOCK = 512
_BEHIND = 300  # blocks, about ten seconds: a room that far behind drops the oldest


class Microphone:
    """A capture device, by name ("" is the system's default)."""

    def __init__(self, device: str, clock: Callable[[], float] = time.perf_counter) -> None:
        self._device = device
        self._clock = clock
        self._start = clock()

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """Blocks as they are captured; raises `Unavailable` where there is no such device."""
        sounddevice = sound_library()
        loop = asyncio.get_running_loop()
        blocks: asyncio.Queue[Samples] = asyncio.Queue(_BEHIND)

        def take(block: Samples) -> None:
            if blocks.full():
                blocks.get_nowait()
            blocks.put_nowait(block)

        def captured(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            loop.call_soon_threadsafe(take, np.array(data[:, 0], dtype=np.int16))

        try:
            with sounddevice.InputStream(
                samplerate=SAMPLE_RATE, channels=1, dtype="int16", blocksize=_BLOCK,
                device=self._device or None, callback=captured,
            ):  # fmt: skip
                self._start = self._clock()
                while True:
                    yield await blocks.get()
        except sounddevice.PortAudioError as error:
            raise Unavailable(
                f"the microphone can't be used ({error}); name another in audio.input"
            ) from error

    def moment(self, sample: int) -> float:
        """When `sample` was captured."""
        return self._start + sample / SAMPLE_RATE
