"""Whether a peer speaks now, or somebody plays back what it said before. No clock is shared.

Law: a claim counts only where it names one of the words that this box drew within the last 40
seconds, and only once. Every notice carries the word that its box asks to hear back, and those
that it heard lately from others; so a recorded notice is worth nothing to a box that was started
since, and nothing to any box after 40 seconds. What proves nothing is used for one thing: to say
its word back, so that its sender can prove itself next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from voiceassist.contract.claim import MAX_ECHOES, Notice

ROTATES_S = 10.0
_KEPT = 4  # words that are still good, the newest among them
LIVE_S = 45.0  # longer than a word is good, so that nothing good can come twice
_UNPROVEN = 8
_WINDOW = 64  # notices that may overtake each other


class Admission(Enum):
    """What a notice is worth."""

    PROVEN = auto()
    UNPROVEN = auto()
    STALE = auto()
    REPLAYED = auto()


@dataclass(slots=True)
class _Box:
    """One start of one peer."""

    asks: str = ""
    proven: bool = False
    seen: float = 0.0
    top: int = -1
    marks: int = 0  # bit n: notice `top` - n has come

    def take(self, seq: int) -> bool:
        """Whether notice `seq` comes for the first time."""
        if seq > self.top:
            self.marks = (self.marks << min(seq - self.top, _WINDOW) | 1) & ((1 << _WINDOW) - 1)
            self.top = seq
            return True
        bit = 1 << (self.top - seq) if self.top - seq < _WINDOW else 0
        if not bit or self.marks & bit:
            return False
        self.marks |= bit
        return True


class Freshness:
    """The words drawn here, and the peers that said them back. `draw` gives 16 hex digits."""

    def __init__(self, draw: Callable[[], str]) -> None:
        self._draw = draw
        self._asked = deque([draw()], maxlen=_KEPT)
        self._boxes: dict[tuple[str, str], _Box] = {}

    @property
    def asks(self) -> str:
        """The word to hear back."""
        return self._asked[-1]

    def rotate(self) -> None:
        """Ask with a new word; to be called every `ROTATES_S`."""
        self._asked.append(self._draw())

    def echoes(self) -> tuple[str, ...]:
        """The words to say back: those of proven peers first, the latest first."""
        boxes = sorted(self._boxes.values(), key=lambda box: (box.proven, box.seen), reverse=True)
        return tuple(box.asks for box in boxes[:MAX_ECHOES])

    def proven(self) -> frozenset[str]:
        """The rooms that are there for certain."""
        return frozenset(room for (room, _), box in self._boxes.items() if box.proven)

    def anybody(self) -> bool:
        """Whether anybody may be there."""
        return bool(self._boxes)

    def admit(self, notice: Notice, now: float) -> Admission:
        """Take note of a notice whose signature holds."""
        self.forget(now)
        key = notice.room, notice.boot
        box = self._boxes.get(key, _Box())
        if not set(self._asked).isdisjoint(notice.echoes):
            if not box.take(notice.seq):
                return Admission.REPLAYED
            box.proven, box.seen = True, now
            if notice.seq == box.top:
                box.asks = notice.asks
            self._boxes[key] = box
            return Admission.PROVEN
        if box.proven:
            return Admission.STALE
        box.asks, box.seen = notice.asks, now
        self._boxes[key] = box
        self._bound()
        return Admission.UNPROVEN

    def forget(self, now: float) -> None:
        """Forget who was not heard for long."""
        for key in [key for key, box in self._boxes.items() if now - box.seen > LIVE_S]:
            del self._boxes[key]

    def _bound(self) -> None:
        unproven = [key for key, box in self._boxes.items() if not box.proven]
        for key in sorted(unproven, key=lambda key: self._boxes[key].seen)[:-_UNPROVEN]:
            del self._boxes[key]
