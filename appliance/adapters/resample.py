"""Any rate to 16 kHz: a polyphase windowed-sinc filter. Pure."""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt

from voiceassist.engines.ports import SAMPLE_RATE

Audio = npt.NDArray[np.float32]  # shape (n,), -1 to 1

_ZEROS = 16  # of the sinc on each side: its stop band lies 80 dB down
_BETA = 8.0  # Kaiser window
_BLOCK = 1 << 14


def resample(audio: Audio, rate: int) -> Audio:
    """`audio` of `rate` Hz at 16 kHz; what 16 kHz can't hold is filtered out."""
    common = gcd(rate, SAMPLE_RATE)
    up, down = SAMPLE_RATE // common, rate // common
    if up == down:
        return audio
    reach = int(np.ceil(_ZEROS * max(1.0, down / up)))  # input samples on each side
    taps = np.arange(-reach, reach + 1)
    phases = np.arange(up)[:, np.newaxis] / up
    filters = _sinc(taps - phases, min(1.0, up / down), reach).astype(np.float32)
    count = len(audio) * up // down
    padded = np.pad(audio, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    out = np.empty(count, dtype=np.float32)
    for start in range(0, count, _BLOCK):
        place = np.arange(start, min(start + _BLOCK, count)) * down
        out[start : start + _BLOCK] = np.einsum(
            "ij,ij->i", windows[place // up], filters[place % up]
        )
    return out


def _sinc(at: npt.NDArray[np.float64], cutoff: float, reach: int) -> npt.NDArray[np.float64]:
    inside = np.clip(1 - (at / (reach + 1)) ** 2, 0, 1)
    window = np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA)
    return np.asarray(cutoff * np.sinc(cutoff * at) * window)
