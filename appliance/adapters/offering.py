"""Offers, one at a time: what the room holds between a held question and the reply to its offer.

Law: an offer is a `Cleared` that the gate made of the generalised words, or there is none; and it
is gone when the turn after it is over, whatever that turn was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from appliance.rules.commands import command_of
from appliance.rules.offer import Offer, Pending, answered
from appliance.rules.route import Route
from appliance.stages import GateStage
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Verdict

if TYPE_CHECKING:
    from voiceassist.phi.generalise import Generalised

log = logging.getLogger(__name__)


class NoOffers:
    """A room that offers nothing."""

    def begin(self) -> None:
        """Nothing stands."""

    def reply(self, transcript: Transcript, *, up: bool) -> Route | None:
        """Nothing to reply to."""
        del transcript, up
        return None

    async def make(self, transcript: Transcript, verdict: Verdict, *, up: bool) -> Offer | None:
        """Nothing is offered."""
        del transcript, verdict, up
        return None

    def keep(self, offer: Offer, *, heard: bool) -> None:
        """Nothing to keep."""
        del offer, heard


class Offers:
    """Offers of one room; `clock` tells seconds, `today` the day by which ages are counted.

    Without a `gate` held questions are not generalised.
    """

    def __init__(
        self, gate: GateStage | None, clock: Callable[[], float], today: Callable[[], date]
    ) -> None:
        self._gate = gate
        self._clock = clock
        self._today = today
        self._kept: Pending | None = None
        self._stands: Pending | None = None

    def begin(self) -> None:
        """A turn begins: what was kept in the one before stands for this one alone."""
        self._stands, self._kept = self._kept, None

    def reply(self, transcript: Transcript, *, up: bool) -> Route | None:
        """The route of a reply to what stands; None where this is a turn like any other."""
        stands, self._stands = self._stands, None
        return answered(stands, transcript, self._clock(), up=up)

    async def make(self, transcript: Transcript, verdict: Verdict, *, up: bool) -> Offer | None:
        """What the gate clears of a held question once it is generalised; else None."""
        if self._gate is None or not up or not isinstance(verdict, Held):
            return None
        if command_of(verdict.text) is not None:
            return None
        made = await asyncio.to_thread(self._generalise, verdict)
        if made is None:
            return None
        again = await self._gate.judge_anew(replace(transcript, text=made.text))
        return Offer(again, made.originals) if isinstance(again, Cleared) else None

    def keep(self, offer: Offer, *, heard: bool) -> None:
        """Wait for the next turn; the time runs from now."""
        self._kept = Pending(offer, self._clock() if heard else None)

    def _generalise(self, held: Held) -> Generalised | None:
        from voiceassist.phi.generalise import generalise  # noqa: PLC0415 - Presidio: not for `enrol`

        try:
            return generalise(held, today=self._today())
        except Exception as error:  # noqa: BLE001 - the room answers without an offer, too
            # the type alone: a message may repeat what was said
            log.error("nothing is offered: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
            return None
