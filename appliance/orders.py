"""What this room does at the hub's command.

Law: a command neither holds up nor ends a turn, and none opens a microphone that somebody has
closed: what would do so is refused, and the hub is told why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from appliance.commands.commands import Act, Refused
from appliance.events import Event, Events
from appliance.rules.signs import Signs
from appliance.switchboard import Switchboard
from voiceassist.contract.command import Verb


class Orders:
    """One act for each verb. Each may be called from any thread and returns soon."""

    def __init__(self, events: Events, board: Switchboard) -> None:
        self._board = board
        self._signs = Signs()
        events.watch(self._follow)
        self.show: Callable[[], None] | None = None
        """Makes the box heard and seen, where it can."""
        self.end: Callable[[], None] | None = None
        """Ends the room, where somebody starts it again."""

    def acts(self, fetch: Act, report: Act) -> Mapping[str, Act]:
        """The acts by their verbs."""
        return {
            Verb.IDENTIFY: self._identify,
            Verb.FETCH_EDITION: fetch,
            Verb.REPORT: report,
            Verb.MUTE: self._mute,
            Verb.RESTART: self._restart,
        }

    def _identify(self) -> None:
        if self.show is None:
            raise Refused("this box has neither tones nor lights; see [signs] of its board")
        self._between_turns()
        self.show()

    def _mute(self) -> None:
        if not self._board.hears:
            raise Refused("this room has no microphone to close")
        self._between_turns()
        self._board.mute(on=True)

    def _restart(self) -> None:
        if self.end is None:
            raise Refused("nobody would start this room again; only systemd does")
        if self._board.muted:
            raise Refused(
                "the microphone is closed, and would be open after a restart; "
                "open it in the room first"
            )
        self._between_turns()
        self.end()

    def _between_turns(self) -> None:
        if not self._signs.idle:
            raise Refused("somebody is asking; issue it again in a minute")

    def _follow(self, event: Event) -> None:
        self._signs = self._signs.after(event)
