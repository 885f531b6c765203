"""Tapes a room's turns as they happen: a watcher of its events."""

from __future__ import annotations

from collections.abc import Callable

from appliance.adapters.hearing import Segmenter
from appliance.events import Condition, Event, Heard, Left, Listened, Over, Woke
from appliance.replay.tape import TurnTape, with_event

_OPEN = 8  # turns that may run at once: one, and commands over it


class TapeRecorder:
    """Follows the events of a room; `kept` is called with the tape of each turn that is over."""

    def __init__(
        self,
        segmenter: Segmenter,
        up: Callable[[], bool],
        clock: Callable[[], float],
        kept: Callable[[TurnTape], None],
    ) -> None:
        self._segmenter = segmenter
        self._up = up
        self._clock = clock
        self._kept = kept
        self._open: dict[str, TurnTape] = {}

    def watch(self, event: Event) -> None:
        """Follow an event."""
        if isinstance(event, Condition):
            return
        if isinstance(event, Left):
            self._open.pop(event.turn_id, None)
            return
        tape = self._open.get(event.turn_id) or TurnTape(turn_id=event.turn_id, up=self._up())
        tape = with_event(tape, event)
        if isinstance(event, Woke | Heard):
            tape = tape.model_copy(update={"heard_at": self._clock()})
        if isinstance(event, Listened):
            tape = tape.model_copy(update={"frames": tuple(self._segmenter.collected)})
        if isinstance(event, Over):
            self._open.pop(event.turn_id, None)
            if event.record is not None:
                self._kept(tape.model_copy(update={"over_at": self._clock()}))
            return
        self._open[event.turn_id] = tape
        while len(self._open) > _OPEN:
            self._open.pop(next(iter(self._open)))
