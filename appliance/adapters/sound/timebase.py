"""When a sample was heard, though the sound card's clock is not the machine's. Pure."""

from __future__ import annotations

_GAIN = 0.02  # of each block's surprise: settles within a second or two of 20 ms blocks
_DRIFT_GAIN = 1e-5  # drift hardly changes: a minute is soon enough
_DRIFT = 5e-4  # the most that two such clocks differ: crystals are within 100 ppm each


class Timebase:
    """Maps places in a stream to moments; `rate` in Hz, moments in seconds.

    Follows what the device tells of each block (an alpha-beta filter), which scatters, and learns
    the drift of its clock.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._place = 0
        self._moment = 0.0
        self.drift = 0.0
        """By how much a second of the card is longer than one of the machine."""

    def begin(self, place: int, moment: float) -> None:
        """`place` was heard at `moment`: what was told before counts no more."""
        self._place, self._moment = place, moment

    def heard(self, place: int, moment: float) -> None:
        """The device says that `place`, which is further on, was heard at `moment`."""
        expected = self.moment(place)
        surprise = moment - expected
        passed = max(1, place - self._place) / self._rate
        learnt = self.drift + _DRIFT_GAIN * surprise / passed
        self.drift = min(_DRIFT, max(-_DRIFT, learnt))
        self._place, self._moment = place, expected + _GAIN * surprise

    def moment(self, place: int) -> float:
        """When `place` was heard, or will be."""
        return self._moment + (place - self._place) / self._rate * (1 + self.drift)

    def owed(self, place: int, moment: float) -> int:
        """How many samples from `place` on belong before `moment`; negative beyond it."""
        return round((moment - self.moment(place)) * self._rate)
