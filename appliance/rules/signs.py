"""What the room shows of itself: one phase at a time, told by light, tone and panel. Pure.

    event                                   phase becomes
    Woke                                    LISTENING
    Listened                                THINKING
    Speaking                                SPEAKING
    Over, and a reply is awaited            ASKING (it listens without the wake word)
    Over, and it failed                     FAILED, until the next call
    Over, else; Left                        IDLE

Being muted or deaf outweighs every phase, since the room then hears nothing. An event of a turn
that another has followed changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from appliance.events import Condition, Event, Left, Listened, Over, Speaking, Woke


class Phase(Enum):
    """What the room does."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    ASKING = "asking"
    FAILED = "failed"
    MUTED = "muted"
    DEAF = "deaf"


@dataclass(frozen=True, slots=True)
class Signs:
    """The phase of the turn, and the room's condition."""

    turn_id: str = ""
    turn: Phase = Phase.IDLE
    condition: Condition = field(default_factory=Condition)

    @property
    def phase(self) -> Phase:
        """What is shown."""
        if self.condition.muted and self.turn is not Phase.SPEAKING:
            return Phase.MUTED
        return Phase.DEAF if self.condition.deaf else self.turn

    @property
    def idle(self) -> bool:
        """Whether no turn goes on; one that failed is shown until the next call."""
        return self.turn in {Phase.IDLE, Phase.FAILED}

    def after(self, event: Event) -> Signs:
        """The signs once `event` has happened."""
        if isinstance(event, Condition):
            return replace(self, condition=event)
        if isinstance(event, Woke):
            return replace(self, turn_id=event.turn_id, turn=Phase.LISTENING)
        if self.turn_id not in {"", event.turn_id}:
            return self
        phase = _phase(event)
        if phase is None:
            return self
        ended = isinstance(event, Over | Left)
        return replace(self, turn_id="" if ended else event.turn_id, turn=phase)


def _phase(event: Event) -> Phase | None:
    match event:
        case Listened():
            return Phase.THINKING
        case Speaking():
            return Phase.SPEAKING
        case Left():
            return Phase.IDLE
        case Over(record=None):
            return Phase.FAILED
        case Over(record=record) if record is not None:
            return Phase.ASKING if record.awaits_reply else Phase.IDLE
        case _:
            return None


class Tone(Enum):
    """A short sound that tells of a change."""

    LISTENING = "listening"
    CLOSED = "closed"
    MUTED = "muted"
    UNMUTED = "unmuted"
    FAILED = "failed"
    HERE = "here"  # no change: somebody looks for the box


def tone(before: Phase, now: Phase, event: Event) -> Tone | None:
    """The tone of a change, if it has one: not where the room speaks for itself."""
    match event:
        case Woke(cause=cause) if now is Phase.LISTENING:
            return Tone.LISTENING if cause == "wake" else None
        case Left(why="dropped") if before is Phase.LISTENING:
            return Tone.CLOSED
        case Over(record=record) if record is not None and record.why == "silence":
            return Tone.CLOSED
        case _:
            return None if now is before else _changed(before, now)


def _changed(before: Phase, now: Phase) -> Tone | None:
    if now is Phase.MUTED:
        return Tone.MUTED
    if before is Phase.MUTED:
        return Tone.UNMUTED
    return Tone.FAILED if now in {Phase.FAILED, Phase.DEAF} else None
