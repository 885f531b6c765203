"""Where a turn's time went. The clock is an argument; nothing here reads one."""

from __future__ import annotations

from collections.abc import Callable


class Laps:
    """Splits the time since `begin` among named stages, in milliseconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._ms: dict[str, float] = {}

    def begin(self, moment: float) -> None:
        """Count from `moment`, when speech ended."""
        self._last = moment

    def mark(self, stage: str, moment: float | None = None) -> None:
        """The stage `stage` has ended, now or at `moment`."""
        now = self._clock() if moment is None else moment
        self._ms[stage] = max(0.0, now - self._last) * 1000
        self._last = max(now, self._last)

    @property
    def timings(self) -> dict[str, float]:
        """The stages so far, in order."""
        return dict(self._ms)

    @property
    def total(self) -> float:
        """Milliseconds since `begin`."""
        return sum(self._ms.values())
