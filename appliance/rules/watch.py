"""Whether the room is deaf, and what heals it. Pure.

Looked at once a second: how many samples came out of the microphone's stream, how many of them the
wake word was given, and whether it heard the test clip when that was last put to it. Whatever does
not go on names the step that heals it; a step that did not help is followed by a stronger one.

    found                                          first             then      then
    the stream stands still for `stall_s`          RESTART_STREAM    GIVE_UP
    the wake word is given nothing, or is deaf     RESTART_WAKE      RESTART_STREAM    GIVE_UP
    all goes on for `steady_s`                     (begin again at the first)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Step(Enum):
    """What heals, the weakest first."""

    NONE = "none"
    RESTART_WAKE = "wake"
    RESTART_STREAM = "stream"
    GIVE_UP = "restart"


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look: samples counted since the beginning; `hears` is None where it was not tried."""

    now: float
    heard: int
    scored: int
    hears: bool | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: a stall, a step's time to help, and how long all must go on to be called healed."""

    stall_s: float = 2.0
    helps_s: float = 2.5
    steady_s: float = 5.0


_STEPS = (Step.RESTART_WAKE, Step.RESTART_STREAM, Step.GIVE_UP)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known after the last look; `deaf` names what does not go on, empty where all does."""

    patience: Patience = Patience()
    heard: int = -1
    heard_at: float = 0.0
    scored: int = -1
    scored_at: float = 0.0
    hears: bool = True
    tried: int = 0  # steps of the table so far
    tried_at: float = 0.0
    well_since: float = 0.0
    deaf: str = ""

    def after(self, vitals: Vitals) -> tuple[Hearing, Step]:
        """What is known now, and what to do."""
        now = vitals.now
        seen = replace(
            self,
            heard=vitals.heard,
            heard_at=now if vitals.heard != self.heard else self.heard_at,
            scored=vitals.scored,
            scored_at=now if vitals.scored != self.scored else self.scored_at,
            hears=self.hears if vitals.hears is None else vitals.hears,
        )
        deaf = seen._fault(now)  # noqa: SLF001 - another value of this class
        if not deaf:
            since = now if self.deaf else self.well_since
            steady = now - since >= self.patience.steady_s
            healed = replace(seen, deaf="", well_since=since, tried=0 if steady else self.tried)
            return healed, Step.NONE
        if self.deaf and now - self.tried_at < self.patience.helps_s:
            return replace(seen, deaf=deaf), Step.NONE
        first = 1 if deaf == "stream" else 0
        tried = min(max(self.tried, first), len(_STEPS) - 1)
        return replace(seen, deaf=deaf, tried=tried + 1, tried_at=now, hears=True), _STEPS[tried]

    def _fault(self, now: float) -> str:
        if now - self.heard_at > self.patience.stall_s:
            return "stream"
        if now - self.scored_at > self.patience.stall_s or not self.hears:
            return "wake"
        return ""
