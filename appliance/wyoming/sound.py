"""What clients send as audio, made the room's own: 16 kHz, mono, 16 bit. And how fast they may."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from appliance.adapters.resample import Resampler
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import BadInput

_BURST_S = 30.0
_TIMES = 2.0


class Format(BaseModel, frozen=True):
    """Hertz, bytes a sample (8 bit is unsigned, else little-endian signed), channels."""

    rate: Literal[8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000]
    width: Literal[1, 2, 3, 4]
    channels: Literal[1, 2]


class Intake:
    """One stream of audio, in one format from its beginning to its end."""

    def __init__(self, given: Format) -> None:
        self.format = given
        self._resampler = Resampler(given.rate, SAMPLE_RATE)

    def take(self, audio: bytes) -> Samples:
        """The samples in it; raises `BadInput` where it is no whole number of them."""
        width, channels = self.format.width, self.format.channels
        if len(audio) % (width * channels):
            raise BadInput("the audio is no whole number of samples; send what audio-start says")
        wide = _wide(audio, width).reshape(-1, channels)
        one: Samples = wide.mean(axis=1).round().astype(np.int16)
        return self._resampler.push(one)


def _wide(audio: bytes, width: int) -> npt.NDArray[np.int32]:
    """Samples in the range of 16 bit."""
    if width == 1:
        return (np.frombuffer(audio, np.uint8).astype(np.int32) - 128) << 8
    if width == 3:  # noqa: PLR2004 - bytes
        upper = np.frombuffer(audio, np.uint8).reshape(-1, 3)[:, 1:]
        return np.ascontiguousarray(upper).view("<i2").ravel().astype(np.int32)
    if width == 4:  # noqa: PLR2004 - bytes
        return np.frombuffer(audio, "<i4") >> 16
    return np.frombuffer(audio, "<i2").astype(np.int32)


class Allowance:
    """How much a client may have done: `_BURST_S` of audio at once, then twice what time brings.

    Pure: `now` is seconds by any clock.
    """

    def __init__(self, now: float) -> None:
        self._at = now
        self._left = _BURST_S

    def take(self, seconds: float, now: float) -> float:
        """So long the client waits, having sent so many `seconds` of audio."""
        self._left = min(_BURST_S, self._left + (now - self._at) * _TIMES) - seconds
        self._at = now
        return max(0.0, -self._left / _TIMES)
