"""Recordings in the microphone's place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from appliance.adapters.resample import resample
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import BadInput

_CHUNK = 512
_LONGEST_S = 600
_SILENCE = 32  # the loudest sample of what counts as silence: 60 dB below full scale


def read_recording(path: Path) -> Samples:
    """The recording, mixed to mono, at 16 kHz. Raises `BadInput`, one line that names the file."""
    try:
        if path.stat().st_size == 0:
            raise BadInput(f"{path}: empty; record it again")
        info = soundfile.info(str(path))
        if info.duration > _LONGEST_S:
            raise BadInput(f"{path}: longer than {_LONGEST_S // 60} minutes; cut it")
        data, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or 'unreadable'}; name an audio file") from error
    except soundfile.LibsndfileError as error:
        raise BadInput(f"{path}: not audio that can be read; give WAV or FLAC") from error
    if not len(data):
        raise BadInput(f"{path}: holds no sound; record it again")
    audio = resample(np.ascontiguousarray(data.mean(axis=1)), rate)
    samples: Samples = np.rint(np.clip(audio, -1, 1) * 32767).astype(np.int16)
    if int(np.abs(samples.astype(np.int32)).max(initial=0)) <= _SILENCE:
        raise BadInput(f"{path}: only silence; check the microphone and record it again")
    return samples


class Pacer(Protocol):
    """Lets a recording pass as time does."""

    async def reach(self, seconds: float) -> None:
        """Return once `seconds` of the recording may have been heard."""

    def moment(self, seconds: float, heard: float) -> float:
        """When second `seconds` was heard, now that `heard` seconds have been."""


class RealTime:
    """As fast as it was spoken."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._start = clock()

    async def reach(self, seconds: float) -> None:
        """Wait for the clock."""
        await asyncio.sleep(max(0.0, self._start + seconds - self._clock()))

    def moment(self, seconds: float, heard: float) -> float:
        """By the clock, however late it was read."""
        del heard
        return self._start + seconds


class AtOnce:
    """As fast as it can be heard: a moment is told as though time had passed."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock

    async def reach(self, seconds: float) -> None:
        """Let others work, and go on."""
        del seconds
        await asyncio.sleep(0)

    def moment(self, seconds: float, heard: float) -> float:
        """As long ago as the recording says."""
        return self._clock() - (heard - seconds)


class Recording:
    """A recording as a stream of chunks."""

    def __init__(self, samples: Samples, pacer: Pacer) -> None:
        self._samples = samples
        self._pacer = pacer
        self._heard = 0

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        """The recording, once."""
        for start in range(0, len(self._samples), _CHUNK):
            chunk = self._samples[start : start + _CHUNK]
            self._heard = start + len(chunk)
            await self._pacer.reach(self._heard / SAMPLE_RATE)
            yield chunk

    def moment(self, sample: int) -> float:
        """When `sample` was heard."""
        return self._pacer.moment(sample / SAMPLE_RATE, self._heard / SAMPLE_RATE)
