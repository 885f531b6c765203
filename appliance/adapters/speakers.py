"""Where speech goes where there is no sound device: into a WAV file, or nowhere."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

from appliance.stages import Played
from voiceassist.engines.ports import Samples
from voiceassist.errors import StoreFull


class NullSpeaker:
    """Plays nothing, and tells when it would have."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Take the speech as it comes."""
        del sample_rate
        first_at, count = None, 0
        async for chunk in speech:
            if len(chunk) and first_at is None:
                first_at = self._clock()
            count += len(chunk)
        return Played(first_at, count)


class WavSpeaker:
    """Writes each turn's speech to a file; `path` is set before the turn."""

    def __init__(self, clock: Callable[[], float], path: Path) -> None:
        self._clock = clock
        self.path = path

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Write the speech as it comes; no file without speech. Raises `StoreFull`."""
        first_at, count = None, 0
        parts: list[bytes] = []
        async for chunk in speech:
            if len(chunk) and first_at is None:
                first_at = self._clock()
            parts.append(chunk.astype("<i2").tobytes())
            count += len(chunk)
        if count:
            await asyncio.to_thread(_write, self.path, b"".join(parts), sample_rate)
        return Played(first_at, count)


def _write(path: Path, data: bytes, sample_rate: int) -> None:
    try:
        with closing(wave.open(str(path), "wb")) as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sample_rate)
            file.writeframes(data)
    except OSError as error:
        raise StoreFull(f"{path} can't be written ({error.strerror}); make room") from error
