"""When a sample was heard, though the sound card's clock is not the machine's. Pure."""

from __future__ import annotations

_DRIFT = 2e-4  # the most that two such clocks differ: crystals are within 100 ppm each


class Timebase:
    """Maps places in a stream to moments; `rate` in Hz, moments in seconds.

    A block is told of late, never early, so the earliest that a place can have been heard is near
    the truth. That bound is let go by as much as the clocks may drift.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._offset = 0.0
        self._place = 0
        self._begun = False

    def heard(self, place: int, now: float) -> None:
        """All samples before `place` were heard, by `now`."""
        offset = now - place / self._rate
        let_go = self._offset + _DRIFT * max(0, place - self._place) / self._rate
        self._offset = min(offset, let_go) if self._begun else offset
        self._place, self._begun = place, True

    def begin(self, place: int, now: float) -> None:
        """The stream is at `place`, now: what was known before counts no more."""
        self._begun = False
        self.heard(place, now)

    def moment(self, place: int) -> float:
        """When `place` was heard."""
        return self._offset + place / self._rate

    def owed(self, place: int, now: float) -> int:
        """How many samples beyond `place` should have been heard by `now`."""
        return max(0, round((now - self.moment(place)) * self._rate))
