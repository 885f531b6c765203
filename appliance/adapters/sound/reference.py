"""What the speaker said, by the moment it was in the air: the echo canceller's reference. Pure.

Two devices with clocks of their own are brought together by the machine's clock. Blocks that
follow one another are laid end to end, as moments scatter; only where one lies `_JUMP` off its
place, because the speaker was silent or ran dry, is it laid where its moment says. So is what is
taken, and always where nothing was said.
"""

from __future__ import annotations

import numpy as np

from voiceassist.engines.ports import SAMPLE_RATE, Samples

_KEPT = 4 * SAMPLE_RATE
_JUMP = SAMPLE_RATE // 100


class Reference:
    """Samples at 16 kHz by moments in seconds; silence where nothing was said."""

    def __init__(self) -> None:
        self._ring: Samples = np.zeros(_KEPT, dtype=np.int16)
        self._origin: float | None = None
        self._end = 0  # where the latest block ends; the ring holds _KEPT samples before it
        self._read = 0

    def put(self, samples: Samples, moment: float) -> None:
        """`samples` are in the air from `moment` on."""
        if self._origin is None:
            self._origin = moment
        place = max(self._end, self._near(moment, self._end))  # nothing is said over
        silent = min(place - self._end, _KEPT)
        self._write(np.zeros(silent, dtype=np.int16), place - silent)
        self._write(samples, place)
        self._end = place + len(samples)

    def take(self, count: int, moment: float) -> Samples:
        """What was in the air in the `count` samples from `moment` on."""
        if self._origin is None:
            return np.zeros(count, dtype=np.int16)
        place = self._near(moment, self._read if self._read < self._end else -_JUMP)
        self._read = place + count
        at = np.arange(place, place + count)
        there = (at >= self._end - _KEPT) & (at < self._end) & (at >= 0)
        return np.where(there, self._ring[at % _KEPT], np.int16(0)).astype(np.int16)

    def _near(self, moment: float, expected: int) -> int:
        assert self._origin is not None  # noqa: S101 - set by the first block
        place = round((moment - self._origin) * SAMPLE_RATE)
        return expected if abs(place - expected) < _JUMP else place

    def _write(self, samples: Samples, place: int) -> None:
        self._ring[np.arange(place, place + len(samples)) % _KEPT] = samples
