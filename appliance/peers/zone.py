"""The boxes of one zone as one of them sees them: who is there, and who answers which call.

Law: no clock, no socket, no randomness of its own. Moments are seconds by the room's clock; what
is to be sent comes out of `act`, which is to be called at `next_at` and after each `call` and
`receive`. A call is settled by its `due` whatever else happens.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.peers.freshness import ROTATES_S, Admission, Freshness
from appliance.rules.arbiter import Bid, Contest, Rules, State
from voiceassist.contract.claim import Claim, Notice

REPEATS_S = (0.0, 0.06, 0.15)  # a claim is told so long after it was made, and once it is won
_GREETS_S = (0.0, 0.5, 2.0)  # after the start
_GREETS_LEAST_S = 0.2  # between two greetings in return
_KEPT_S = 5.0  # a call, and what others bid


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether this box answers a call; else the room that does."""

    ours: bool
    by: str = ""


@dataclass
class Counts:
    """What happened since the start."""

    won: int = 0
    lost: int = 0
    split: int = 0
    """Calls that another box won as well."""
    sent: int = 0
    heard: int = 0
    unproven: int = 0
    stale: int = 0
    replayed: int = 0
    malformed: int = 0
    """Datagrams that are no peer's by their form."""
    refused: int = 0
    """Datagrams whose signature or certificate does not hold."""
    flooded: int = 0
    """Datagrams dropped unread as too many came."""
    unsent: int = 0


class Zone:
    """One box among its peers. `draw` gives 16 random hex digits."""

    def __init__(
        self, zone: str, room: str, draw: Callable[[], str], now: float, rules: Rules | None = None
    ) -> None:
        self._zone, self._room, self._draw = zone, room, draw
        self._rules = rules or Rules()
        self._boot = draw()
        self._seq = 0
        self._fresh = Freshness(draw)
        self._rotates = now + ROTATES_S
        self._greets = [now + after for after in _GREETS_S]
        self._greeted = -math.inf
        self._calls: dict[str, Contest] = {}
        self._tells: list[tuple[float, str]] = []
        self._bids: dict[tuple[str, str], Bid] = {}
        self.counts = Counts()

    @property
    def peers(self) -> frozenset[str]:
        """The other rooms that are there."""
        return self._fresh.proven()

    def call(self, heard: float, loud: int, score: int, now: float) -> str:
        """This box heard the wake word at `heard`; returns the call's name."""
        own = Bid(self._room, self._draw(), loud, score, min(heard, now))
        contest = Contest(own, now, self._rules)
        self._fresh.forget(now)
        self._calls[own.call] = contest
        self._repeat(own.call, now)
        if not self._fresh.anybody():
            self._put(contest.at_once(), now)
        for bid in [one for one in self._bids.values() if now - one.heard <= _KEPT_S]:
            self._weigh(own.call, bid, now)
        return own.call

    def settled(self, call: str) -> Settled | None:
        """How `call` stands; None while it is open."""
        contest = self._calls[call]
        if contest.state is State.OPEN:
            return None
        return Settled(ours=contest.state is State.WON, by=contest.by)

    def receive(self, notice: Notice, now: float) -> None:
        """A notice whose signature holds."""
        if notice.zone != self._zone or notice.boot == self._boot:
            return
        self.counts.heard += 1
        match self._fresh.admit(notice, now):
            case Admission.PROVEN:
                if notice.claim is not None:
                    self._hear(notice.room, notice.claim, now)
            case Admission.UNPROVEN:
                self.counts.unproven += 1
                at = max(now, self._greeted + _GREETS_LEAST_S)
                self._greets = [*(one for one in self._greets if one != at), at]
            case Admission.STALE:
                self.counts.stale += 1
            case Admission.REPLAYED:
                self.counts.replayed += 1

    def next_at(self) -> float:
        """When there is something to do next."""
        due = [one.due for one in self._calls.values() if one.state is State.OPEN]
        return min([self._rotates, *self._greets, *due, *(at for at, _ in self._tells)])

    def act(self, now: float) -> list[Notice]:
        """Settle what is due; returns what is to be sent."""
        for call, contest in list(self._calls.items()):
            self._put(contest.after_time(now), now)
            if now - contest.made > _KEPT_S:
                del self._calls[call]
        notices = [self._notice(self._claim(call, now)) for call in self._told(now)]
        if self._greets_now(now) and not notices:
            notices.append(self._notice(None))
        if notices:
            self._greeted = now
        return notices

    def _told(self, now: float) -> list[str]:
        """The calls that are to be told of now."""
        told = dict.fromkeys(call for at, call in self._tells if at <= now)
        self._tells = [one for one in self._tells if one[0] > now]
        return [call for call in told if call in self._calls and not self._lost(call)]

    def _greets_now(self, now: float) -> bool:
        """Whether others are to hear that this box is there."""
        due = any(at <= now for at in self._greets)
        self._greets = [at for at in self._greets if at > now]
        if now < self._rotates:
            return due
        self._fresh.rotate()
        self._rotates = now + ROTATES_S
        self._bids = {key: bid for key, bid in self._bids.items() if now - bid.heard <= _KEPT_S}
        return True

    def _lost(self, call: str) -> bool:
        return self._calls[call].state is State.LOST

    def _hear(self, room: str, claim: Claim, now: float) -> None:
        heard, key = now - claim.age_ms / 1000, (room, claim.call)
        bid = Bid(room, claim.call, claim.loud, claim.score, heard, claim.taken)
        if (before := self._bids.get(key)) is not None:
            # whichever notice was under way for the shortest time tells best when it was heard
            bid = replace(bid, heard=min(heard, before.heard), taken=bid.taken or before.taken)
        self._bids[key] = bid
        for call in list(self._calls):
            self._weigh(call, bid, now)

    def _weigh(self, call: str, bid: Bid, now: float) -> None:
        contest, again = self._calls[call].after_bid(bid)
        self._put(contest, now)
        if again:
            self._tells.append((now, call))

    def _put(self, contest: Contest, now: float) -> None:
        call, before = contest.own.call, self._calls[contest.own.call]
        self._calls[call] = contest
        self.counts.split += contest.split and not before.split
        if contest.state is before.state:
            return
        if contest.state is State.WON:
            self.counts.won += 1
            self._repeat(call, now)
        else:
            self.counts.lost += 1

    def _repeat(self, call: str, now: float) -> None:
        self._tells.extend((now + after, call) for after in REPEATS_S)

    def _claim(self, call: str, now: float) -> Claim:
        own = self._calls[call].own
        age = min(max(round((now - own.heard) * 1000), 0), 10_000)
        return Claim(call=call, loud=own.loud, score=own.score, age_ms=age, taken=own.taken)

    def _notice(self, claim: Claim | None) -> Notice:
        self._seq += 1
        self.counts.sent += 1
        return Notice(
            zone=self._zone, room=self._room, boot=self._boot, seq=self._seq,
            asks=self._fresh.asks, echoes=self._fresh.echoes(), claim=claim,
        )  # fmt: skip
