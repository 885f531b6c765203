"""One rate to another, at once or as it comes: a polyphase windowed-sinc filter. Pure."""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt

from voiceassist.engines.ports import SAMPLE_RATE, Samples

Audio = npt.NDArray[np.float32]  # shape (n,), -1 to 1

_ZEROS = 16  # of the sinc on each side: its stop band lies 80 dB down
_BETA = 8.0  # Kaiser window
_BLOCK = 1 << 14


def resample(audio: Audio, rate: int) -> Audio:
    """`audio` of `rate` Hz at 16 kHz; what 16 kHz can't hold is filtered out."""
    filters, up, down, reach = _bank(rate, SAMPLE_RATE)
    if up == down:
        return audio
    padded = np.pad(audio, reach)
    return _filtered(padded, filters, np.arange(len(audio) * up // down), down)


class Resampler:
    """A stream of samples of `source` Hz at `target` Hz, which lags behind by about 1 ms."""

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self._filters, self._up, self._down, self._reach = _bank(source, target)
        self._kept: Audio = np.zeros(self._reach, dtype=np.float32)
        self._next = 0  # the next output, counted from where `_kept` begins

    def push(self, samples: Samples) -> Samples:
        """What can be told after these."""
        if self._up == self._down:
            return samples
        self._kept = np.concatenate([self._kept, samples.astype(np.float32)])
        ready = len(self._kept) - 2 * self._reach  # input places that are known on both sides
        stop = max(self._next, -(-ready * self._up // self._down))
        out = _filtered(self._kept, self._filters, np.arange(self._next, stop), self._down)
        gone = min(stop * self._down // self._up, max(ready, 0))
        gone -= gone % self._down  # so that the phase begins anew
        self._kept = self._kept[gone:]
        self._next = stop - gone * self._up // self._down
        return np.rint(np.clip(out, -32768, 32767)).astype(np.int16)


_Filters = tuple[Audio, int, int, int]


def _bank(source: int, target: int) -> _Filters:
    """A filter for each phase; factors up and down; input samples on each side."""
    common = gcd(source, target)
    up, down = target // common, source // common
    reach = int(np.ceil(_ZEROS * max(1.0, down / up)))
    taps = np.arange(-reach, reach + 1)
    phases = np.arange(up)[:, np.newaxis] / up
    filters = _sinc(taps - phases, min(1.0, up / down), reach).astype(np.float32)
    return filters, up, down, reach


def _filtered(padded: Audio, filters: Audio, outputs: npt.NDArray[np.int64], down: int) -> Audio:
    up, width = filters.shape
    out = np.empty(len(outputs), dtype=np.float32)
    if not len(outputs):
        return out
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    for start in range(0, len(outputs), _BLOCK):
        place = outputs[start : start + _BLOCK] * down
        out[start : start + _BLOCK] = np.einsum(
            "ij,ij->i", windows[place // up], filters[place % up]
        )
    return out


def _sinc(at: npt.NDArray[np.float64], cutoff: float, reach: int) -> npt.NDArray[np.float64]:
    inside = np.clip(1 - (at / (reach + 1)) ** 2, 0, 1)
    window = np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA)
    return np.asarray(cutoff * np.sinc(cutoff * at) * window)
