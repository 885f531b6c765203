"""How well a box heard the wake word. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voiceassist.engines.ports import SAMPLE_RATE, Samples

BEFORE_S = 3.2  # of sound up to the word's end is looked at
_QUIET = 1e-3  # of full scale, -60 dB: noise below it counts as this much
_MOST_DB = 100.0
_WORD_S, _GAP_S = 0.8, 0.4


def loudness(samples: Samples, end: int) -> int:
    """How far the wake word that ends at index `end` stands above the noise, tenths of a decibel.

    `samples` are 16 kHz mono, from about 3 s before; the noise is the median level of what lies
    before the word, so that a sound in it does not count. 0 where there is nothing before it.
    """
    wave = samples[: max(0, end)].astype(np.float64) / 32768
    word = wave[-int(_WORD_S * SAMPLE_RATE) :]
    before = wave[: -int((_WORD_S + _GAP_S) * SAMPLE_RATE)]
    blocks = _levels(word), _levels(before)
    if not all(len(one) for one in blocks):
        return 0
    loudest = float(np.percentile(blocks[0], 90))
    noise = max(float(np.median(blocks[1])), _QUIET)
    decibels = 20 * np.log10(max(loudest, _QUIET / 100) / noise)
    return round(10 * min(max(float(decibels), -_MOST_DB), _MOST_DB))


def _levels(wave: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Sequence[float]:
    """The level of each 20 ms, 0 to 1."""
    block = SAMPLE_RATE // 50
    whole = wave[: len(wave) // block * block].reshape(-1, block)
    return [float(one) for one in np.sqrt(np.mean(whole**2, axis=1))]
