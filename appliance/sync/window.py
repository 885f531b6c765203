"""How many batches may be on their way to the hub, and when to send them again. Pure.

Law: what was sent is owed until the hub's signed word on it; a broker's PUBACK counts for
nothing. A hub that stays silent is asked with one batch at a time, ever more rarely, so that
a week without it fills no broker; its first answer opens the window again. A room that has more to
send than one batch sends a small one first, then one at a time, and waits as the hub tells it.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiceassist.contract.wire import BATCH_ENTRIES

_FIRST_ENTRIES = 50
_MOST_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Patience:
    """The window's figures: batches in flight, and seconds to wait for the hub's word."""

    width: int = 4
    first_s: float = 5.0
    most_s: float = 60.0


class Window:
    """What is on its way. `now` is any monotonic time in seconds."""

    def __init__(self, patience: Patience, acked: int) -> None:
        self._patience = patience
        self._flying: list[int] = []  # the last entry of each batch on its way
        self._wait_s = patience.first_s
        self._deadline = 0.0
        self._acked = acked
        self._behind = False
        self._wait_until = 0.0
        self.silent = False
        self.sent = acked
        self.limit = _FIRST_ENTRIES

    def open(self, now: float) -> bool:
        """Whether another batch, of `limit` entries at most, may go."""
        alone = self.silent or self._behind
        waits = self._behind and now < self._wait_until
        return not waits and len(self._flying) < (1 if alone else self._patience.width)

    def send(self, last: int, now: float, *, behind: bool = False) -> None:
        """A batch that ends with entry `last` has gone; `behind`: more waits behind it."""
        self._behind = behind
        if not self._flying:
            self._deadline = now + self._wait_s
        self._flying.append(last)
        self.sent = last

    def acknowledge(self, seq: int, now: float, wait_s: float = 0.0) -> None:
        """The hub has all up to `seq`: fewer than before where it was restored.

        It asks for `wait_s` before more of what waits.
        """
        self.limit = BATCH_ENTRIES
        self._wait_until = now + min(wait_s, _MOST_WAIT_S)
        heard = [last for last in self._flying if last <= seq]
        self._flying = self._flying[len(heard) :]
        if seq < self._acked:
            self.restart(seq)
        if heard or seq < self._acked:
            self.silent = False
            self._wait_s = self._patience.first_s
            self._deadline = now + self._wait_s
        self._acked = seq
        self.sent = max(self.sent, seq)

    def overdue(self, now: float) -> bool:
        """Whether the hub has been silent for too long on what was sent."""
        return bool(self._flying) and now >= self._deadline

    def give_up(self, acked: int) -> None:
        """Send again from `acked`, one batch at a time and after a longer wait."""
        self.restart(acked)
        self.silent = True
        self._wait_s = min(2 * self._wait_s, self._patience.most_s)

    def restart(self, acked: int) -> None:
        """Forget what is on its way: the connection is new, or the hub went back."""
        self._flying.clear()
        self.limit = _FIRST_ENTRIES
        self.sent = acked
