"""How much may come how fast. Pure: the time is an argument."""

from __future__ import annotations


class Bucket:
    """Holds `most`, fills by `rate` a second, and is full at first."""

    def __init__(self, rate: float, most: float, now_s: float) -> None:
        self._rate = rate
        self._most = most
        self._level = most
        self._then_s = now_s

    def take(self, amount: float, now_s: float) -> bool:
        """Whether `amount` was there; only then it is taken."""
        passed = max(now_s - self._then_s, 0.0)
        self._level = min(self._level + passed * self._rate, self._most)
        self._then_s = now_s
        if amount > self._level:
            return False
        self._level -= amount
        return True
