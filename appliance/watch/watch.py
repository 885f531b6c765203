"""Looks once a second whether the room hears, and what the box can bear; heals, and tells.

Law: systemd's watchdog is fed only while the loop turns and the room hears. A room that can't be
healed ends, so that it is started again; it is never silently deaf.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from appliance.rules.degrade import Level, Load, level, says
from appliance.rules.watch import Hearing, Patience, Step, Vitals
from appliance.watch.systemd import Notifier
from voiceassist.errors import Unavailable

log = logging.getLogger(__name__)

LOOK_S = 1.0
_TEST_EVERY = 5  # looks
_LOAD_EVERY = 10


class Ears(Protocol):
    """What is watched, and what heals it."""

    def vitals(self, *, test: bool) -> tuple[int, int, bool | None]:
        """Samples heard, samples scored, and, where asked for, whether the test clip was heard."""

    def restart_wake(self) -> None:
        """A new wake word model in the old one's place."""

    def restart_stream(self) -> None:
        """The microphone and its stream anew."""


class Watch:
    """One room's watch. `on_deaf` and `on_level` are told of changes, on the loop's thread."""

    def __init__(
        self,
        ears: Ears,
        load: Callable[[], Load],
        clock: Callable[[], float],
        notifier: Notifier,
        *,
        on_deaf: Callable[[str], None],
        on_level: Callable[[Level], None],
        patience: Patience | None = None,
    ) -> None:
        self._ears = ears
        self._load = load
        self._clock = clock
        self._notifier = notifier
        self._on_deaf = on_deaf
        self._on_level = on_level
        now = clock()
        self._hearing = Hearing(
            patience or Patience(), heard_at=now, scored_at=now, well_since=now, tried_at=now
        )
        self._level = Level.FULL
        self._looks = 0
        self._heals = {
            Step.RESTART_WAKE: ears.restart_wake, Step.RESTART_STREAM: ears.restart_stream,
        }  # fmt: skip

    async def run(self) -> None:
        """Look for ever; raises `Unavailable` where the room can't be healed."""
        self._notifier.ready()
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Look once."""
        self._looks += 1
        heard, scored, hears = self._ears.vitals(test=self._looks % _TEST_EVERY == 0)
        before = self._hearing
        self._hearing, step = before.after(Vitals(self._clock(), heard, scored, hears))
        if self._hearing.deaf != before.deaf:
            self._on_deaf(self._hearing.deaf)
        if step is Step.GIVE_UP:
            raise Unavailable(
                "the room has stopped hearing and could not be healed; start it again"
            )
        if step is not Step.NONE:
            log.error(
                "the room does not hear (%s): %s is restarted", self._hearing.deaf, step.value
            )
            self._heals[step]()
        if self._looks % _LOAD_EVERY == 0:
            self._weigh()
        if not self._hearing.deaf:
            self._notifier.alive(says(self._level))

    def _weigh(self) -> None:
        now = level(self._level, self._load())
        if now is not self._level:
            log.warning("the box's level is %s", now.name)
            self._level = now
            self._on_level(now)
