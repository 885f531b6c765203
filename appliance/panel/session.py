"""What the panel shows, as a value that follows the room's events. Pure; kept in memory alone.

Law: what was said is shown to who stands in the room, for this session, and is written nowhere.
A panel that shows "signs" never gets a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.events import (
    Answered,
    Composed,
    Condition,
    Event,
    Heard,
    Judged,
    Left,
    Over,
    Speaking,
    Woke,
)
from appliance.rules.record import TurnRecord
from appliance.rules.signs import Signs
from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.verdict import Verdict

KEPT = 50  # turns

_WHY = {
    "held": "It may identify a patient, so the room answers alone.",
    "policy": "This room asks nobody else.",
    "ask": "This room asks outside only when told to.",
    "offline": "The hub is away, so the room answers alone.",
    "cleared": "Nothing in it identifies a person; the hub may add to the answer.",
    "generalised": "Asked outside without who it is about.",
    "asked": "Asked outside, as you said yes.",
    "sounds_alike": "Two medicines sound like what was said, so it asks which.",
    "unclear": "The reply did not tell which medicine was meant, so it asks once more.",
    "empty": "No words were understood.",
    "silence": "Nothing was said.",
    "unrecorded": "It could not be recorded, so it was not answered.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One turn as it is shown; `at` is Unix seconds."""

    turn_id: str
    at: float
    heard: str = field(default="", repr=False)
    verdict: Verdict | None = field(default=None, repr=False)
    route: str = ""
    why: str = ""
    sentences: tuple[Sentence, ...] = field(default=(), repr=False)
    speaking: int = 0  # how many sentences the voice has taken up
    record: TurnRecord | None = field(default=None, repr=False)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """The signs, the turn that runs or ran last, and those before it, the newest first."""

    signs: Signs = field(default_factory=Signs)
    turn: Shown | None = None
    before: tuple[Shown, ...] = ()

    def after(self, event: Event, at: float) -> Session:
        """The session once `event` has happened, at Unix time `at`."""
        session = replace(self, signs=self.signs.after(event))
        if isinstance(event, Condition):
            return session
        known = self.turn is not None and self.turn.turn_id == event.turn_id
        if not known and isinstance(event, Woke | Heard | Over):  # a command over a reply, too
            return _with(_beginning(session, Shown(event.turn_id, at)), event)
        return _with(session, event) if known else session

    def cleared(self) -> Session:
        """Without a word of what was."""
        return replace(self, turn=None, before=())

    def to_json(self, *, words: bool) -> dict[str, Any]:
        """The session for a browser; without `words` its signs alone."""
        condition = self.signs.condition
        told = {
            "phase": self.signs.phase.value,
            "muted": condition.muted,
            "online": condition.online,
            "problems": list(condition.problems),
            "words": words,
        }
        if not words:
            return told
        turn = _turn(self.turn) if self.turn else None
        return told | {"turn": turn, "before": [_turn(one) for one in self.before]}


def _beginning(session: Session, shown: Shown) -> Session:
    kept = (session.turn, *session.before) if session.turn else session.before
    return replace(session, turn=shown, before=kept[:KEPT])


def _with(session: Session, event: Event) -> Session:
    if isinstance(event, Left):  # a call that came to nothing leaves no trace
        last, *rest = session.before or (None,)
        return replace(session, turn=last, before=tuple(one for one in rest if one))
    step = _STEPS.get(type(event))
    return replace(session, turn=step(session.turn, event)) if step and session.turn else session


def _over(shown: Shown, event: Over) -> Shown:
    if event.record is None:
        return replace(shown, error=event.error)
    record = event.record
    return replace(
        shown, record=record, heard=record.heard, verdict=record.verdict, route=record.route,
        why=record.why, sentences=record.sentences,
    )  # fmt: skip


_STEPS: Mapping[type, Callable[[Shown, Any], Shown]] = {
    Heard: lambda shown, event: replace(shown, heard=event.transcript.text),
    Judged: lambda shown, event: replace(shown, verdict=event.verdict),
    Answered: lambda shown, event: replace(
        shown, route=event.route.name, why=event.route.why, sentences=event.answer.sentences
    ),
    Composed: lambda shown, event: replace(
        shown, sentences=(*shown.sentences, *event.sentences)
    ),
    Speaking: lambda shown, _event: replace(shown, speaking=shown.speaking + 1),
    Over: _over,
}  # fmt: skip


def _turn(shown: Shown) -> dict[str, Any]:
    verdict = shown.verdict
    record = shown.record
    sources = dict.fromkeys(source for one in shown.sentences for source in one.sources)
    return {
        "id": shown.turn_id,
        "at": round(shown.at),
        "heard": shown.heard,
        "held": verdict.held if verdict else None,
        "items": [
            {"start": one.start, "end": one.end, "kind": one.kind.lower().replace("_", " ")}
            for one in (verdict.items if verdict else ())
        ],
        "route": shown.route,
        "why": _WHY.get(shown.why, f"A command: {shown.why}." if shown.route == "command" else ""),
        "sentences": [{"text": one.text, "kind": one.kind} for one in shown.sentences],
        "speaking": shown.speaking,
        "sources": [_source(source) for source in sources],
        "timings": {k: round(ms) for k, ms in record.timings.items()} if record else {},
        "first_ms": _rounded(record),
        "interrupted": bool(record and record.interrupted),
        "over": record is not None or bool(shown.error),
        "error": shown.error,
    }


def _rounded(record: TurnRecord | None) -> int | None:
    first = record.speech_end_to_first_audio if record else None
    return None if first is None else round(first)


def _source(source: Source) -> dict[str, Any]:
    return {
        "title": source.title, "place": source.place, "version": source.version,
        "quote": " ".join(source.quote.split()),
    }  # fmt: skip
