"""Which of several boxes that heard one wake word answers. Pure: moments are arguments.

Each box bids, hears the others' bids, and decides for itself. The best bid wins; a box that has
won says so, and then wins against every bid that comes late.

    state   a better bid, or one that has won   a worse bid           `due` comes
    OPEN    LOST                                OPEN, bid once more   WON, tell it
    WON     WON, tell it, but to no winner      WON, tell it          -
    LOST    LOST                                LOST                  -

Why one answers: if bids take less than `answer_s` / 2 to arrive and each box takes them for one
wake word, then whoever bids last hears of a better or winning bid before it is due, or is better
itself, and heard before the other decides or told in return. Why not none: a box loses only to a
better bid or to a winner, so the best bid of all loses to a winner alone. Lost datagrams and cut
networks can therefore make two answer, never none. `tests/appliance/test_arbiter.py` tries it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds: bids whose wake words lie less than `same_s` apart are about one wake word.

    A box decides `window_s` after it heard the word, though not before `answer_s` after its bid.
    """

    same_s: float = 0.6
    window_s: float = 0.5
    answer_s: float = 0.25


class State(Enum):
    """What a box knows of a wake word."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Bid:
    """A box's bid for the wake word that was heard at `heard` by this box's own clock, seconds.

    `loud` in tenths of a decibel, `score` in thousandths, `call` drawn at random.
    """

    room: str
    call: str
    loud: int
    score: int
    heard: float
    taken: bool = False

    def beats(self, other: Bid) -> bool:
        """Whether it is the better one: louder, surer, then by the draw; never both ways."""
        return self._rank > other._rank

    @property
    def _rank(self) -> tuple[int, int, str, str]:
        return self.loud, self.score, self.call, self.room


@dataclass(frozen=True, slots=True)
class Contest:
    """One wake word as one box sees it: its own bid, made at `made`, and how it stands."""

    own: Bid
    made: float
    rules: Rules = field(default_factory=Rules)
    state: State = State.OPEN
    by: str = ""
    """The room that answers, where it is another."""
    split: bool = False
    """Another one won as well."""
    known: frozenset[str] = frozenset()
    """Calls that were told of this bid in return."""

    @property
    def due(self) -> float:
        """When it is decided."""
        return max(self.own.heard + self.rules.window_s, self.made + self.rules.answer_s)

    def concerns(self, bid: Bid) -> bool:
        """Whether `bid` is about this wake word."""
        return bid.call != self.own.call and abs(bid.heard - self.own.heard) < self.rules.same_s

    def after_bid(self, bid: Bid) -> tuple[Contest, bool]:
        """The contest once `bid` was heard, and whether the own one must be told again."""
        if self.state is State.LOST or not self.concerns(bid):
            return self, False
        if self.state is State.OPEN and (bid.taken or bid.beats(self.own)):
            return replace(self, state=State.LOST, by=bid.room), False
        if self.state is State.WON:
            return replace(self, split=self.split or bid.taken), not bid.taken
        return replace(self, known=self.known | {bid.call}), bid.call not in self.known

    def at_once(self) -> Contest:
        """The contest where nobody else is there: won."""
        return replace(self, state=State.WON, own=replace(self.own, taken=True))

    def after_time(self, now: float) -> Contest:
        """The contest at `now`."""
        return self.at_once() if self.state is State.OPEN and now >= self.due else self
