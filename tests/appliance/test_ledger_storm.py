"""500 boxes come back at once after a day: the room's window and the hub's pace, in virtual time.

The hub is a queue that takes a batch in `_COMMIT_S` and so much for each entry that LEDGER_RATE
(entries a second, as `voiceassist bench audit` measures it end to end) comes out.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from appliance.sync.window import Patience, Window
from hub.audit.pace import Pace
from voiceassist.contract.wire import BATCH_ENTRIES

_RATE = float(os.environ.get("LEDGER_RATE", "5000"))
_COMMIT_S = 0.02
_NET_S = 0.01


class Sent(NamedTuple):
    """A batch: its first and last entry, and whether more waits."""

    first: int
    last: int
    behind: bool


@dataclass
class Box:
    """A room: what it recorded, what was acknowledged, and when each entry was recorded."""

    name: str
    owed: int
    window: Window = field(default_factory=lambda: Window(Patience(), 0))
    since: deque[tuple[int, float]] = field(default_factory=deque)
    last: int = 0
    retries: int = 0


class Storm:
    """Discrete events: boxes record and send, one hub takes in what comes, in its order."""

    def __init__(self, behind: int, backlog: int, live: int, seed: int) -> None:
        self.rng = random.Random(seed)
        self.boxes = [Box(f"late-{n}", backlog, last=backlog) for n in range(behind)]
        self.live = [Box(f"live-{n}", 0) for n in range(live)]
        self.pace, self.free_at = Pace(BATCH_ENTRIES), 0.0
        self.kept = dict.fromkeys((box.name for box in (*self.boxes, *self.live)), 0)
        self.events: list[tuple[float, int, tuple[object, ...]]] = []
        self.order = itertools.count()
        self.waits: list[float] = []
        self.done_at: dict[str, float] = {}
        self.doubled = 0

    def at(self, when: float, *what: object) -> None:
        heapq.heappush(self.events, (when, next(self.order), what))

    def run(self, until: float) -> None:
        for box in self.boxes:
            self.at(self.rng.random() * 2, "look", box)
        for box in self.live:
            self.at(self.rng.random() * 20, "record", box)
        while self.events:
            now, _order, (kind, *rest) = heapq.heappop(self.events)
            if now > until:
                return
            getattr(self, f"on_{kind}")(now, *rest)

    def on_record(self, now: float, box: Box) -> None:
        box.last += 1
        box.since.append((box.last, now))
        self.at(now + self.rng.expovariate(1 / 20), "record", box)
        self.on_look(now, box, again=False)

    def on_look(self, now: float, box: Box, *, again: bool = True) -> None:
        """A tick of the room's exchange."""
        if box.window.overdue(now):
            box.retries += 1
            box.window.give_up(self.acked(box))
        while box.window.open(now) and box.window.sent < box.last:
            first = box.window.sent + 1
            last = min(box.last, first + box.window.limit - 1)
            box.window.send(last, now, behind=last < box.last)
            self.at(now + _NET_S, "arrive", box, Sent(first, last, last < box.last))
        if again and self.acked(box) < box.last:
            self.at(now + 0.5, "look", box)

    def acked(self, box: Box) -> int:
        return box.window._acked

    def on_arrive(self, now: float, box: Box, sent: Sent) -> None:
        first, last, _behind = sent
        new = max(0, last - max(first - 1, self.kept[box.name]))
        self.doubled += last - first + 1 - new
        cost = _COMMIT_S + new * max(0.0, 1 / _RATE - _COMMIT_S / 500)
        self.kept[box.name] = max(self.kept[box.name], last)
        self.free_at = max(self.free_at, now) + cost
        self.at(self.free_at, "taken", box, sent, cost)

    def on_taken(self, now: float, box: Box, sent: Sent, cost: float) -> None:
        wait = self.pace.wait_s(now) if sent.behind else 0.0
        self.pace.took(sent.last - sent.first + 1, cost)
        self.at(now + _NET_S, "acked", box, sent.last, wait)

    def on_acked(self, now: float, box: Box, seq: int, wait: float) -> None:
        if seq < self.acked(box):
            return
        box.window.acknowledge(seq, now, wait)
        while box.since and box.since[0][0] <= seq:
            self.waits.append(now - box.since.popleft()[1])
        if seq >= box.owed and box.owed:
            self.done_at.setdefault(box.name, now)
        self.on_look(now, box, again=False)


@pytest.mark.slow
def test_500_boxes_catch_up_and_nobody_is_starved() -> None:
    """A day of 43,200 entries each: all of it in about the time that the hub needs, no collapse."""
    storm = Storm(behind=450, backlog=43_200, live=50, seed=5)
    storm.run(until=36_000.0)
    assert len(storm.done_at) == 450, "some never caught up"
    took_s = max(storm.done_at.values())
    ideal_s = 450 * 43_200 / _RATE
    waits = sorted(storm.waits)
    p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    retries = sum(box.retries for box in (*storm.boxes, *storm.live))
    print(  # noqa: T201 - the figures, with -s
        f"{took_s / 60:.1f} min ({ideal_s / 60:.1f} at the hub's full rate); live entries "
        f"p50 {p50:.2f} s, p99 {p99:.2f} s, worst {waits[-1]:.1f} s; {retries} retries, "
        f"{storm.doubled} entries sent twice"
    )
    assert took_s < 1.5 * ideal_s
    assert p99 < 10.0


@pytest.mark.slow
def test_the_first_second_of_a_storm_is_no_pile() -> None:
    """All boxes begin within two seconds: the queue before the hub stays below the patience."""
    storm = Storm(behind=500, backlog=2_000, live=0, seed=6)
    storm.run(until=3_600.0)
    assert len(storm.done_at) == 500
    assert storm.doubled < 0.1 * 500 * 2_000
