"""What a turn was given and what it decided, as values that can be kept. Pure.

Given: where it was called, each frame's probability of speech, the words, the passages, what a
model added, the link, the clock. Decided: where speech ended, the verdict, the route, the
sentences, the journal's entries. Words are in it, audio is not.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from appliance.events import (
    Answered,
    Composed,
    Event,
    Found,
    Heard,
    Judged,
    Listened,
    Over,
    Recorded,
    Woke,
)
from appliance.rules.soundalike import Place, Rivals, Weighed
from voiceassist.contract.knowledge import Passage, Sentence
from voiceassist.contract.speech import Transcript

FORMAT = 1


def _finite(score: float) -> float | None:
    return score if math.isfinite(score) else None


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Words(_Value):
    """A transcript; `rivals` are place, end, names and the utterance's log-probability with each.

    A score that is no number is None, as JSON has none.
    """

    text: str
    confidence: float
    no_speech: float
    language: str
    rivals: tuple[tuple[int, int, tuple[str, ...], tuple[float | None, ...]], ...] = ()

    @classmethod
    def of(cls, one: Transcript) -> Words:
        """As it is kept."""
        weighed = one.rivals if isinstance(one, Weighed) else ()
        rivals = tuple(
            (each.place.start, each.place.end, each.place.names, tuple(map(_finite, each.scores)))
            for each in weighed
        )
        return cls(
            text=one.text, confidence=one.confidence, no_speech=one.no_speech,
            language=one.language, rivals=rivals,
        )  # fmt: skip

    def transcript(self) -> Transcript:
        """As it was."""
        rivals = tuple(
            Rivals(Place(start, end, names), tuple(math.nan if s is None else s for s in scores))
            for start, end, names, scores in self.rivals
        )
        heard = (self.text, self.confidence, self.no_speech, self.language)
        return Weighed(*heard, rivals) if rivals else Transcript(*heard)


class Decided(_Value):
    """What the rules made of what they were given; `entries` are without durations."""

    start: int = 0
    end: int = 0
    held: bool = True
    reasons: tuple[str, ...] = ()
    items: tuple[tuple[str, int, int], ...] = ()
    route: str = ""
    why: str = ""
    sentences: tuple[str, ...] = ()
    entries: tuple[dict[str, Any], ...] = ()
    offered: bool = False


class TurnTape(_Value):
    """One turn. `frames` are place, length, probability, and the patience then, in milliseconds."""

    turn_id: str
    sample: int = 0
    score: float = 0.0
    cause: str = "wake"
    up: bool = True
    heard_at: float = 0.0
    over_at: float = 0.0
    frames: tuple[tuple[int, int, float, int], ...] = ()
    words: Words | None = None
    passages: tuple[Passage, ...] = ()
    composed: tuple[Sentence, ...] = ()
    decided: Decided = Field(default_factory=Decided)


class Room(_Value):
    """What stood fast while the turns were taken."""

    release: str
    edition: int
    escalate: str
    generalise: bool
    hub: bool
    today: str
    phi: dict[str, Any]
    segmentation: dict[str, Any]


class Tape(_Value):
    """Turns in their order; those before the first are not known."""

    format: int = FORMAT
    room: Room
    turns: tuple[TurnTape, ...] = ()


def with_event(tape: TurnTape, event: Event) -> TurnTape:
    """The tape once `event` of its turn has happened."""
    decided = tape.decided
    changed: dict[str, Any]
    match event:
        case Woke():
            given = {"sample": event.sample, "score": event.score, "cause": event.cause}
            return tape.model_copy(update=given)
        case Listened():
            changed = {"start": event.start, "end": event.end}
        case Heard(transcript=one):
            return tape.model_copy(update={"words": Words.of(one)})
        case Judged(verdict=verdict):
            items = tuple((item.kind, item.start, item.end) for item in verdict.items)
            changed = {"held": verdict.held, "reasons": verdict.reasons, "items": items}
        case Found():
            return tape.model_copy(update={"passages": tuple(event.passages)})
        case Answered(route=route, answer=answer):
            said = tuple(one.text for one in answer.sentences)
            changed = {"route": route.name, "why": route.why, "sentences": said}
        case Composed():
            return tape.model_copy(update={"composed": tuple(event.sentences)})
        case Recorded():
            changed = {"entries": (*decided.entries, entry(event))}
        case Over(record=record) if record is not None:
            changed = {"offered": record.offered}
        case _:
            return tape
    return tape.model_copy(update={"decided": decided.model_copy(update=changed)})


def entry(event: Recorded) -> dict[str, Any]:
    """A journal entry without what differs from time to time."""
    detail = {name: value for name, value in event.detail.items() if name != "ms"}
    return {"action": event.action, "outcome": event.outcome, "detail": detail}
