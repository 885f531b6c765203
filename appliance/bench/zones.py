"""Boxes of one zone on virtual time: what is lost, late, doubled, cut off or crashed is seeded.

The boxes are the product's own (`peers/zone.py`) but for signatures and sockets.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from appliance.peers.zone import Zone
from voiceassist.contract.claim import Notice

_SETTLES_S = 4.0  # after a call everything is decided, and said
_CALLS = 20  # in the life of one zone
_DRIFT_PPM = 200.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong; shares are 0 to 1.

    `spread_s` is how far apart boxes hear one word, `lag_s` how late they come to notice, and of
    both `delay_s`, a datagram's, and `lag_s` a `rare` share is several times longer.
    """

    loss: float = 0.0
    doubled: float = 0.05
    delay_s: float = 0.004
    delay_most_s: float = 0.12
    spread_s: float = 0.35
    lag_s: float = 0.1
    lag_most_s: float = 1.0
    rare: float = 0.03
    deaf: float = 0.15
    cut: bool = False
    crash: bool = False


@dataclass(slots=True)
class Call:
    """One wake word: who heard it and who answers; seconds from hearing to the verdict."""

    heard: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    best: int = -1
    crashed: int = -1
    waited: list[float] = field(default_factory=list)
    added: list[float] = field(default_factory=list)
    open: int = 0
    sides: int = 1


class World:
    """Some boxes and the network between them; `now` is the true time, seconds."""

    def __init__(self, boxes: int, trouble: Trouble, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a seed must give the same case again
        self._trouble = trouble
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self.now = 0.0
        self.boxes = [_Box(self._random) for _ in range(boxes)]
        self._side = [0] * boxes
        for index in range(boxes):
            self.at(self._random.uniform(0, 5), partial(self._start, index))
        self.run(20.0)

    def at(self, moment: float, what: Callable[[], None]) -> None:
        """Do `what` at `moment`."""
        heapq.heappush(self._events, (moment, next(self._number), what))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = until

    def call(self) -> Call:
        """One wake word, heard by some, and what came of it."""
        call, trouble, dice = Call(), self._trouble, self._random
        word = self.now + dice.uniform(0.5, 9)
        if trouble.cut:
            self._side = [dice.randrange(2) for _ in self.boxes]
        bids: list[tuple[int, int, int]] = []
        for index in range(len(self.boxes)):
            if dice.random() < trouble.deaf and (bids or index < len(self.boxes) - 1):
                continue
            heard = word + dice.uniform(0, trouble.spread_s)
            loud, score = dice.randrange(-50, 400), dice.randrange(900, 1001)
            bids.append((loud, score, index))
            lag = self._rarely(trouble.lag_s, trouble.lag_most_s)
            self.at(heard + lag, partial(self._claim, index, heard, loud, score, call))
        call.heard, call.best = [one[2] for one in bids], max(bids)[2]
        call.sides = len({self._side[index] for index in call.heard})
        if trouble.crash:
            call.crashed = call.best
            self.at(word + dice.uniform(0.1, 0.7), partial(self._crash, call.best))
        self.run(word + _SETTLES_S)
        self._side = [0] * len(self.boxes)
        if trouble.cut or trouble.crash:
            self.run(self.now + 25)  # until all have found each other again
        return call

    def _start(self, index: int) -> None:
        self.boxes[index].start(self.now)
        self._work(index)

    def _crash(self, index: int) -> None:
        self.boxes[index].stop()
        self.at(self.now + self._random.uniform(5, 15), partial(self._start, index))

    def _claim(self, index: int, heard: float, loud: int, score: int, call: Call) -> None:
        box = self.boxes[index]
        if box.zone is None:
            return
        name = box.zone.call(box.time(heard), loud, score, box.time(self.now))
        call.open += 1
        box.open[name] = (call, heard, self.now)
        self._work(index)

    def _work(self, index: int) -> None:
        box = self.boxes[index]
        if box.zone is None:
            return
        for notice in box.zone.act(box.time(self.now)):
            self._spread(index, notice)
        for name, (call, heard, made) in list(box.open.items()):
            settled = box.zone.settled(name)
            if settled is None:
                continue
            del box.open[name]
            call.open -= 1
            if settled.ours:
                call.answers.append(index)
                call.waited.append(self.now - heard)
                call.added.append(self.now - made)
        due = max(self.now, box.true(box.zone.next_at())) + 1e-6
        if due < box.wakes - 1e-9 or box.wakes <= self.now:
            box.wakes = due
            self.at(due, partial(self._work, index))

    def _spread(self, sender: int, notice: Notice) -> None:
        for index in range(len(self.boxes)):
            if index == sender or self._side[index] != self._side[sender]:
                continue
            for _ in range(2 if self._random.random() < self._trouble.doubled else 1):
                if self._random.random() >= self._trouble.loss:
                    delay = self._rarely(self._trouble.delay_s, self._trouble.delay_most_s)
                    self.at(self.now + delay, partial(self._receive, index, notice))

    def _receive(self, index: int, notice: Notice) -> None:
        box = self.boxes[index]
        if box.zone is not None:
            box.zone.receive(notice, box.time(self.now))
            self._work(index)

    def _rarely(self, usual: float, most: float) -> float:
        rare = self._random.random() < self._trouble.rare
        return self._random.uniform(0, most if rare else usual)


class _Box:
    """One box, with a clock that has its own beginning and pace."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._room = f"room-{dice.getrandbits(40):x}"
        self._begin = dice.uniform(0, 1e6)
        self._pace = 1 + dice.uniform(-_DRIFT_PPM, _DRIFT_PPM) / 1e6
        self.zone: Zone | None = None
        self.open: dict[str, tuple[Call, float, float]] = {}
        self.wakes = 0.0

    def start(self, now: float) -> None:
        self.zone = Zone("z", self._room, self._draw, self.time(now))

    def stop(self) -> None:
        self.zone = None
        for call, _, _ in self.open.values():
            call.open -= 1
        self.open.clear()

    def time(self, true: float) -> float:
        return self._begin + true * self._pace

    def true(self, time: float) -> float:
        return (time - self._begin) / self._pace

    def _draw(self) -> str:
        return f"{self._dice.getrandbits(64):016x}"


def calls(boxes: int, runs: int, trouble: Trouble, seed: int) -> Iterator[Call]:
    """`runs` calls among `boxes`, in zones that live for some of them."""
    for begin in range(0, runs, _CALLS):
        world = World(boxes, trouble, seed * 1_000_003 + begin)
        for _ in range(min(_CALLS, runs - begin)):
            yield world.call()
