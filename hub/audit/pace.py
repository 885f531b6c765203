"""When a room that catches up should send its next batch. Pure, but for its memory.

After a partition all rooms owe at once. Each sends one batch, and its acknowledgement names the
time of the next: each gets a slot of its own, as far from the others' as a batch takes. So the
queue before the hub stays short, and what a room records just now is not behind everybody's
yesterday. What is recorded now needs no slot.
"""

from __future__ import annotations

_SLACK = 1.15  # a hub that is asked for a little less than it can do has no queue
_WEIGHT = 0.1  # of the newest measurement
_GUESS_S = 0.1


class Pace:
    """The slots; times are of any one clock, in seconds."""

    def __init__(self, whole: int) -> None:
        self._whole = whole  # entries of a batch of full size
        self._cost_s = _GUESS_S
        self._free_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long the room whose batch was taken in should wait with its next."""
        slot_s = max(now_s, self._free_s)
        self._free_s = slot_s + self._cost_s * _SLACK
        return slot_s - now_s

    def took(self, entries: int, seconds: float) -> None:
        """A batch took so long; only those of half the full size and more tell something."""
        if 2 * entries >= self._whole:
            self._cost_s += (seconds * self._whole / entries - self._cost_s) * _WEIGHT
