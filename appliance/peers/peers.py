"""Asks the other boxes of the zone who answers a call.

Law: asking never fails and never hangs. Without a network, or with nobody there, the call is this
box's own; else it is settled within `Rules.window_s` of the wake word, or `Rules.answer_s` of the
asking, whichever is later. All of it runs on the room's event loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from appliance.peers.lan import Lan
from appliance.peers.seal import Seal
from appliance.peers.zone import Counts, Settled, Zone
from voiceassist.contract.claim import Datagram
from voiceassist.engines.ports import WakeHit
from voiceassist.errors import BadInput, Unverified

log = logging.getLogger(__name__)

_REOPENS_S = 60.0  # a membership is lost with its interface: begin anew where nobody is heard
_KNOWN_A_S = 300.0  # datagrams a second that are checked, of senders known and unknown
_UNKNOWN_A_S = 20.0


def draw_word() -> str:
    """16 random hex digits."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class _Allowance:
    """So many a second, and a second's worth at once."""

    rate: float
    left: float = 0.0
    at: float = -math.inf

    def take(self, now: float) -> bool:
        """Whether there is one left."""
        self.left = min(self.rate, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Peers:
    """One box of `zone`; `draw` gives 16 random hex digits, `clock` seconds as `moment` does."""

    def __init__(
        self,
        zone: str,
        seal: Seal,
        lan: Lan,
        clock: Callable[[], float],
        draw: Callable[[], str] = draw_word,
    ) -> None:
        self._seal, self._lan, self._clock = seal, lan, clock
        self._zone = Zone(zone, seal.room, draw, clock())
        self._known, self._unknown = _Allowance(_KNOWN_A_S), _Allowance(_UNKNOWN_A_S)
        self._waiting: dict[str, asyncio.Future[Settled]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._open = False
        self._reopens = clock()
        self._running = False

    @property
    def counts(self) -> Counts:
        """What happened since the start."""
        return self._zone.counts

    @property
    def others(self) -> frozenset[str]:
        """The rooms that are there."""
        return self._zone.peers

    @property
    def problem(self) -> str:
        """One line where the others can't be reached, else ""."""
        if not self._running or self._open:
            return ""
        return "the zone's other boxes can't be reached; check this box's network and [peers]"

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        self._running = True
        self._work()

    def stop(self) -> None:
        """End; calls that are open become this box's own."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
        self._lan.close()
        self._open = False
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(Settled(ours=True))
        self._waiting.clear()

    async def claim(self, hit: WakeHit, heard_at: float, loud: int) -> Settled:
        """Who answers the wake word that was heard at `heard_at`, `loud` tenths of a decibel."""
        if not self._running:
            return Settled(ours=True)
        score = round(min(max(hit.score, 0.0), 1.0) * 1000)
        call = self._zone.call(heard_at, min(max(loud, -1000), 1000), score, self._clock())
        waiting: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self._waiting[call] = waiting
        self._work()
        try:
            return await waiting
        finally:
            self._waiting.pop(call, None)

    def _take(self, data: bytes) -> None:
        now, counts = self._clock(), self._zone.counts
        try:
            datagram = Datagram.from_bytes(data)
            allowance = self._known if self._seal.knows(datagram) else self._unknown
            if not allowance.take(now):
                counts.flooded += 1
                return
            notice = self._seal.open(datagram)
        except BadInput:
            counts.malformed += 1
        except Unverified as error:
            counts.refused += 1
            log.debug("%s", error)
        else:
            self._zone.receive(notice, now)
            self._act()

    def _work(self) -> None:
        """All that is due; then wait until more is."""
        if not self._running:
            return
        now = self._clock()
        if not self._open or (now >= self._reopens and not self._zone.peers):
            self._open = self._lan.open(self._take)
            self._reopens = now + _REOPENS_S
        # what has come in was heard before what is due now: a busy loop changes no verdict
        self._lan.drain()
        self._act()

    def _act(self) -> None:
        now = self._clock()
        for notice in self._zone.act(now):
            try:
                sent = self._lan.send(self._seal.close(notice))
            except BadInput as error:
                log.error("%s", error)  # noqa: TRY400 - one line
                sent = False
            self._zone.counts.unsent += not sent
        for call, waiting in self._waiting.items():
            settled = self._zone.settled(call)
            if settled is not None and not waiting.done():
                waiting.set_result(settled)
        if self._running:
            if self._timer is not None:
                self._timer.cancel()
            wait = self._zone.next_at() - now
            self._timer = asyncio.get_running_loop().call_later(max(0.0, wait), self._work)
