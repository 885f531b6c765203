"""What is kept of a turn: for people the whole record, for the audit trail no words (law 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.verdict import Held, Verdict


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn. Times are milliseconds; `timings` are the stages' in order.

    `speech_end_to_first_audio` runs from the end of speech to the first sample at the speaker,
    and is None where nothing was played.
    """

    turn_id: str
    woke: bool = False
    heard: str = field(default="", repr=False)
    verdict: Verdict = field(default_factory=lambda: Held("", reasons=("empty",)))
    route: str = "refuse"
    why: str = "no_wake"
    found: bool = False
    sources: tuple[Source, ...] = field(default=(), repr=False)
    sentences: tuple[Sentence, ...] = field(default=(), repr=False)
    timings: Mapping[str, float] = field(default_factory=dict)
    speech_end_to_first_audio: float | None = None
    offered: bool = False  # to ask outside without who it is about
    interrupted: bool = False  # the answer was not heard to its end

    @property
    def awaits_reply(self) -> bool:
        """Whether the room has asked something, and listens for what is said next."""
        return (self.offered or self.route == "doubt") and not self.interrupted

    @property
    def outcome(self) -> str:
        """What came of it, for the audit trail; "asked" is the consent to an offer."""
        if self.route == "doubt":
            return "doubtful"
        if self.why in {"generalised", "asked"}:
            return "asked"
        if self.route in {"command", "refuse"}:
            return self.route
        return "answered" if self.found else "nothing"

    def with_more(self, sentences: Sequence[Sentence]) -> TurnRecord:
        """The record with what was said after its first entry."""
        added = tuple(source for sentence in sentences for source in sentence.sources)
        return replace(
            self,
            sentences=(*self.sentences, *sentences),
            sources=tuple(dict.fromkeys((*self.sources, *added))),
        )

    def to_json(self) -> dict[str, Any]:
        """The record as one JSON document for this room's own people."""
        return {
            "turn_id": self.turn_id,
            "woke": self.woke,
            "heard": self.heard,
            "verdict": {
                "held": self.verdict.held,
                "reasons": list(self.verdict.reasons),
                "items": [
                    {"kind": i.kind, "start": i.start, "end": i.end, "score": i.score, "by": i.by}
                    for i in self.verdict.items
                ],
            },
            "route": self.route,
            "why": self.why,
            "offered": self.offered,
            "found": self.found,
            "interrupted": self.interrupted,
            "sources": [
                source.model_dump(include={"document", "version", "title", "place", "quote"})
                for source in self.sources
            ],
            "sentences": [sentence.text for sentence in self.sentences],
            "timings": {name: round(ms, 1) for name, ms in self.timings.items()},
            "speech_end_to_first_audio": _rounded(self.speech_end_to_first_audio),
        }

    def journal_detail(self) -> dict[str, Json]:
        """Codes, counts, places and durations: what the audit trail may hold."""
        return {
            "route": self.route,
            "why": self.why,
            "offered": self.offered,
            "held": self.verdict.held,
            "reasons": list(self.verdict.reasons),
            "kinds": dict(Counter(item.kind for item in self.verdict.items)),
            "found": self.found,
            "heard_characters": len(self.heard),
            "sources": places(self.sources),
            "ms": {name: round(ms) for name, ms in self.timings.items()},
        }


def places(sources: Sequence[Source]) -> list[Json]:
    """Where sources stand, without their words."""
    return [
        {"document": s.document, "version": s.version, "start": s.start, "end": s.end}
        for s in sources
    ]


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
