"""One speech on its way to the speaker: what waits, what was sent, what the device took. Pure."""

from __future__ import annotations

from collections import deque

import numpy as np

from appliance.adapters.resample import Resampler
from appliance.adapters.sound.child import BLOCK_MS
from appliance.stages import Played
from voiceassist.engines.ports import Samples

_SENT = 50  # blocks, a second: a stop need not wait for them, and this process may be late

_NONE: Samples = np.zeros(0, dtype=np.int16)


class Flight:
    """A speech of samples at `rate` Hz, sent in blocks of `BLOCK_MS` at the device's rate."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.complete = False
        """Nothing will be added."""
        self.over_at = 0.0
        """When the last sample that was taken will have been heard."""
        self._waiting = _NONE
        self._flying: deque[Samples] = deque()
        self._resampler = Resampler(rate, rate)
        self._taken = 0
        self._first_at: float | None = None

    @property
    def landed(self) -> bool:
        """Whether the device has taken all there is so far."""
        return not len(self._waiting) and not self._flying

    @property
    def flying(self) -> bool:
        """Whether something was sent that the device has not taken."""
        return bool(self._flying)

    @property
    def waiting_s(self) -> float:
        """Seconds that were not sent yet."""
        return len(self._waiting) / self.rate

    @property
    def played(self) -> Played:
        """What the device took."""
        return Played(self._first_at, self._taken, whole=self.complete and self.landed)

    def add(self, samples: Samples) -> None:
        """More of the speech."""
        self._waiting = np.concatenate([self._waiting, samples])

    def next_block(self, device_rate: int) -> Samples | None:
        """What to send now, at `device_rate`; None where enough is sent, or too little waits."""
        size = self.rate * BLOCK_MS // 1000
        enough = len(self._waiting) >= (1 if self.complete else size)
        if len(self._flying) >= _SENT or not enough:
            return None
        block, self._waiting = self._waiting[:size], self._waiting[size:]
        self._flying.append(block)
        if (self._resampler.source, self._resampler.target) != (self.rate, device_rate):
            self._resampler = Resampler(self.rate, device_rate)
        out = self._resampler.push(np.pad(block, (0, size - len(block))))
        wanted = device_rate * BLOCK_MS // 1000
        return np.pad(out, (max(0, wanted - len(out)), 0))[:wanted]  # the filter begins late

    def take(self, moment: float) -> Samples:
        """The device took the block that was sent first, which is in the air from `moment` on."""
        block = self._flying.popleft()
        self._first_at = moment if self._first_at is None else self._first_at
        self._taken += len(block)
        self.over_at = moment + len(block) / self.rate
        return block

    def turn_back(self) -> None:
        """What was sent is lost: it waits again, before the rest."""
        self._waiting = np.concatenate([*self._flying, self._waiting])
        self._flying.clear()

    def drop(self) -> None:
        """Forget what the device has not taken."""
        self._waiting = _NONE
        self._flying.clear()
