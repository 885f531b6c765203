"""Takes taped turns again: the real rules on what was given, compared decision by decision."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from appliance.adapters.doubts import Doubts
from appliance.adapters.judging import Judge, JudgeStage
from appliance.adapters.mind import Mind
from appliance.adapters.observed import observed
from appliance.adapters.offering import NoOffers, Offers
from appliance.adapters.shelf import Shelf
from appliance.events import Event
from appliance.replay.tape import Decided, Tape, TurnTape, with_event
from appliance.rules.commands import Command
from appliance.rules.laps import Laps
from appliance.rules.route import Policy, Route
from appliance.rules.segment import End, Segmentation, Segments
from appliance.stages import Played, Stages
from appliance.turn import take_turn
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage, Sentence
from voiceassist.contract.verdict import Cleared
from voiceassist.contract.wire import EscalationReply
from voiceassist.engines.ports import Samples
from voiceassist.knowledge.answers.answer import Answer

_WHILE_SPEAKING = "turn.interrupted"  # depends on when somebody spoke, not on a rule


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a turn decides otherwise than it did."""

    turn_id: str
    what: str
    taped: Any
    now: Any


@dataclass(slots=True)
class _Given:
    """What the turn at hand is given, whatever asks for it."""

    turn: TurnTape
    now: float = 0.0
    texts: dict[str, dict[int, str]] = field(default_factory=dict)


async def replay(tape: Tape, gate: Judge) -> list[Difference]:
    """Every difference, in order; none where all was decided as it was."""
    given = _Given(TurnTape(turn_id=""))
    box = _box(tape, gate, given)
    found: list[Difference] = []
    for turn in tape.turns:
        given.turn, given.now = turn, turn.heard_at
        now = await _again(box, turn, given, Segmentation(**tape.room.segmentation))
        found += _differences(turn, now)
    return found


async def _again(box: Stages, turn: TurnTape, given: _Given, rules: Segmentation) -> Decided:
    again = TurnTape(turn_id=turn.turn_id)

    def follow(event: Event) -> None:
        nonlocal again
        again = with_event(again, event)

    watched = observed(box, follow, turn.turn_id, called=True)
    box.doubts.begin()
    box.offers.begin()
    words = turn.words
    if words is not None:
        heard = words.transcript()
        follow_words = Laps(lambda: given.now)
        record = await take_turn(watched, heard, _Link(up=turn.up), turn.turn_id, follow_words)
        again = again.model_copy(
            update={"decided": again.decided.model_copy(update={"offered": record.offered})}
        )
    start, end = _segmented(turn, rules)
    return again.decided.model_copy(update={"start": start, "end": end})


def _segmented(turn: TurnTape, rules: Segmentation) -> tuple[int, int]:
    if not turn.frames:
        return turn.decided.start, turn.decided.end
    segments = Segments(rules, turn.sample)
    for place, length, speech, patience in turn.frames:
        segments.patience_ms = patience
        event = segments.feed(place, length, speech)
        if isinstance(event, End):
            return event.start, event.end
    end = segments.finish()
    return end.start, end.end


def _differences(turn: TurnTape, now: Decided) -> list[Difference]:
    taped = turn.decided.model_dump()
    fresh = now.model_dump()
    for decided in (taped, fresh):
        decided["entries"] = [e for e in decided["entries"] if e["action"] != _WHILE_SPEAKING]
    return [
        Difference(turn.turn_id, what, taped[what], fresh[what])
        for what in taped
        if taped[what] != fresh[what]
    ]


def _box(tape: Tape, gate: Judge, given: _Given) -> Stages:
    room = tape.room
    judge = JudgeStage(gate)
    shelf = Shelf(_Edition(given, room.edition))
    mind = _Mind(Mind(shelf, _Hub()) if room.hub else Mind(shelf, _no_hub()), given)
    silent = _Silent(given)
    day = date.fromisoformat(room.today)
    generalise = room.generalise and room.escalate == "cleared"
    offers = (
        Offers(judge if generalise else None, lambda: given.now, lambda: day)
        if generalise or room.escalate == "ask"
        else NoOffers()
    )
    never: Any = None
    return Stages(
        wake=never, segmenter=never, ear=never, gate=judge,
        doubts=Doubts(lambda: given.now), offers=offers, library=shelf,
        mind=mind, journal=_Journal(), voice=silent, speaker=silent,
        policy=cast("Policy", room.escalate), clock=lambda: given.now,
    )  # fmt: skip


def _no_hub() -> Any:
    from appliance.adapters.mind import NoHub  # noqa: PLC0415 - beside its one use

    return NoHub()


@dataclass(frozen=True, slots=True)
class _Link:
    up: bool


class _Hub:
    async def escalate(self, query: Cleared, turn_id: str) -> EscalationReply | None:
        del query, turn_id
        raise AssertionError("a replay asks nobody")


@dataclass(slots=True)
class _Edition:
    given: _Given
    version: int
    state_root: str = ""
    drug_names: tuple[str, ...] = ()

    def find(self, query: str, limit: int = 5) -> list[Passage]:
        del query, limit
        for one in self.given.turn.passages:
            self.given.texts.setdefault(one.document, {})[one.start] = one.text
        return list(self.given.turn.passages)

    def document_text(self, document: str) -> str | None:
        """As much of the document as was found, each passage at its place."""
        parts = self.given.texts.get(document)
        if parts is None:
            return None
        text = ""
        for start, part in sorted(parts.items()):
            text = text[:start].ljust(start) + part
        return text

    def close(self) -> None:
        """Nothing to close."""


@dataclass(slots=True)
class _Mind:
    mind: Mind
    given: _Given

    def answer(self, route: Route, passages: Sequence[Passage]) -> Answer:
        return self.mind.answer(route, passages)

    async def compose(self, route: Route, answer: Answer, turn_id: str) -> Sequence[Sentence]:
        del route, answer, turn_id
        if self.given.turn.composed:
            self.mind.remember(self.given.turn.composed)
        return self.given.turn.composed


class _Journal:
    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        del action, outcome, turn_id, detail


class _Silent:
    """Voice and speaker: takes every sentence, says none."""

    sample_rate = 16_000

    def __init__(self, given: _Given) -> None:
        self._given = given

    async def speak(self, sentences: AsyncIterator[Sentence]) -> AsyncGenerator[Samples, None]:
        async for _sentence in sentences:
            pass
        self._given.now = self._given.turn.over_at
        return
        yield

    def adjust(self, command: Command) -> None:
        del command

    def sentences_in(self, samples: int) -> int:
        del samples
        return 0

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        del sample_rate
        async for _chunk in speech:
            pass
        return Played(self._given.now, 1)
