"""A name that sounds like another, the question which was said, and the turn after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from appliance.adapters.ahead import Ahead
from appliance.adapters.judging import JudgeStage
from appliance.events import Events
from appliance.replay.recorder import TapeRecorder
from appliance.replay.replay import replay
from appliance.replay.tape import Tape, TurnTape
from appliance.rules import phrases
from appliance.rules.offer import STANDS_S
from appliance.rules.record import TurnRecord
from appliance.rules.soundalike import Place, Rivals
from appliance.stages import Played, Utterance
from appliance.taking import take
from appliance.turn import run_turn
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Verdict
from voiceassist.engines.ports import Samples
from voiceassist.phi import gate as phi_gate

Make = Callable[..., Any]
ONE, OTHER = "epinephrine", "ephedrine"
QUESTION = f"how much {ONE} do i give in anaphylaxis"
ASKED = f"Did you say {ONE}, or {OTHER}?"
AGAIN = f"Please say: the first, or the second. The first is {ONE}. The second is {OTHER}."
NEAR, FAR = (-10.0, -12.0), (-10.0, -30.0)


@dataclass(frozen=True)
class Line:
    up: bool = True


def rivals(text: str, scores: tuple[float, float] = NEAR, name: str = ONE) -> tuple[Rivals, ...]:
    at, other = text.index(name), OTHER if name == ONE else ONE
    return (Rivals(Place(at, at + len(name), (name, other)), scores),)


async def say(
    room: Any, text: str, weighed: tuple[Rivals, ...] = (), *, confidence: float = 0.9
) -> TurnRecord:
    """One turn in which `text` is heard."""
    hearing = room.hearing
    hearing.text, hearing.rivals, hearing.confidence = text, weighed, confidence
    return await run_turn(room.box, room.frames, Line(), f"turn-{len(room.events)}")


async def doubt(room: Any, text: str = QUESTION) -> TurnRecord:
    record = await say(room, text, rivals(text))
    assert room.voice.said[-1] == ASKED
    return record


async def test_a_name_in_doubt_is_asked_and_nothing_is_answered(make_room: Make) -> None:
    """No passage is looked up, no hub asked, no sentence but the question said; a reply is due."""
    room = make_room()
    record = await doubt(room)
    assert room.voice.said == [ASKED]
    assert (record.route, record.why, record.outcome) == ("doubt", "sounds_alike", "doubtful")
    assert (record.found, record.sources, record.awaits_reply) == (False, (), True)
    assert room.hub.asked == []


async def test_the_trail_tells_of_the_doubt_without_words(make_room: Make) -> None:
    """Codes alone: neither name is in any entry, before the reply or after it."""
    room = make_room()
    await doubt(room)
    assert [(action, outcome) for action, outcome, _ in room.journal.entries] == [
        ("turn.answered", "doubtful")
    ]
    await say(room, "the second")
    trail = str(room.journal.entries)
    assert ONE not in trail.replace("anaphylaxis", "")
    assert OTHER not in trail


async def test_a_clear_name_is_answered_at_once(make_room: Make) -> None:
    """Where the recogniser tells the names well apart, nobody is asked."""
    room = make_room()
    record = await say(room, QUESTION, rivals(QUESTION, FAR))
    assert (record.route, record.found) == ("hub", True)
    assert not any("Did you say" in one for one in room.voice.said)


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        ("The first.", ONE), ("first one please", ONE), ("the former", ONE), ("number one", ONE),
        ("The second.", OTHER), ("no, the second", OTHER), ("the latter", OTHER),
        ("it's the second one", OTHER),
    ],
)  # fmt: skip
async def test_a_choice_takes_the_question_on_with_that_name(
    make_room: Make, reply: str, name: str
) -> None:
    """The question is judged, routed and answered as though it had been heard so."""
    room = make_room()
    await doubt(room)
    record = await say(room, reply)
    assert record.heard == QUESTION.replace(ONE, name)
    assert room.hub.asked == [QUESTION.replace(ONE, name)]
    assert (record.route, record.awaits_reply) == ("hub", False)


@pytest.mark.parametrize(("name", "reply"), [(ONE, "{}."), (OTHER, "{}"), (OTHER, "I said {}")])
async def test_a_name_that_is_clear_now_is_taken(make_room: Make, name: str, reply: str) -> None:
    """The reply names one of the two, well apart from the other."""
    room = make_room()
    await doubt(room)
    text = reply.format(name)
    record = await say(room, text, rivals(text, FAR, name))
    assert record.heard == QUESTION.replace(ONE, name)
    assert record.route == "hub"
    assert record.found == (name == ONE)  # the library has nothing on the other


async def test_a_name_in_doubt_again_is_asked_by_order(make_room: Make) -> None:
    """What was misheard once may be again: then "the first" and "the second" tell."""
    room = make_room()
    await doubt(room)
    record = await say(room, OTHER, rivals(OTHER, NEAR, OTHER))
    assert (record.route, record.why, room.voice.said[-1]) == ("doubt", "unclear", AGAIN)
    record = await say(room, "the second")
    assert record.heard == QUESTION.replace(ONE, OTHER)


@pytest.mark.parametrize("reply", ["yes", "both", "repeat that", "hydra lazy", "the second"])
async def test_what_does_not_tell_is_asked_once_more_then_dropped(
    make_room: Make, reply: str
) -> None:
    """A yes to "one or the other" says neither; nor does a choice that was heard badly."""
    room = make_room()
    await doubt(room)
    await say(room, reply, confidence=0.3)
    assert room.voice.said[-1] == AGAIN
    record = await say(room, reply, confidence=0.3)
    assert (record.route, record.why) == ("command", "unsure")
    assert room.voice.said[-1] == phrases.NOT_ASKED
    await say(room, "the first")
    assert not any(ONE in asked for asked in room.hub.asked)


@pytest.mark.parametrize("reply", ["no", "Neither.", "none of those", "no thanks"])
async def test_neither_drops_the_question(make_room: Make, reply: str) -> None:
    """It is acknowledged; a choice after it has nothing to stand on."""
    room = make_room()
    await doubt(room)
    record = await say(room, reply)
    assert (record.why, room.voice.said[-1]) == ("declined", phrases.ADJUSTED)
    await say(room, "the first")
    assert not any(ONE in asked for asked in room.hub.asked)


@pytest.mark.parametrize("between", ["stop", "cancel", "how do i treat a fever in a child", ""])
async def test_anything_else_drops_the_question(make_room: Make, between: str) -> None:
    """A command, another question, silence: the choice after it is words like any others."""
    room = make_room()
    await doubt(room)
    record = await say(room, between)
    assert record.route != "doubt"
    record = await say(room, "the first")
    assert record.heard == "the first"


@pytest.mark.parametrize(("seconds", "why"), [(STANDS_S - 5, "cleared"), (STANDS_S, "late")])
async def test_a_choice_counts_in_its_time(make_room: Make, seconds: float, why: str) -> None:
    """What comes too late is not answered, and the room says that it did not ask."""
    room = make_room()
    await doubt(room)
    room.clock.pass_(seconds)
    record = await say(room, "the second")
    assert record.why == why
    assert (room.voice.said[-1] == phrases.NOT_ASKED) == (why == "late")


async def test_what_was_not_asked_to_its_end_is_not_answered(make_room: Make) -> None:
    """A choice between names that were not both heard counts for nothing."""
    room = make_room()
    whole = room.box.speaker
    room.box = replace(room.box, speaker=_CutOff())
    record = await say(room, QUESTION, rivals(QUESTION))
    assert not record.awaits_reply
    room.box = replace(room.box, speaker=whole)
    record = await say(room, "the second")
    assert (record.why, room.voice.said[-1]) == ("late", phrases.NOT_ASKED)


class _CutOff:
    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        async for chunk in speech:
            return Played(100.0, len(chunk) // 2, whole=False)
        return Played(None, 0)


async def test_where_nothing_can_be_recorded_nothing_is_asked(make_room: Make) -> None:
    """The doubt of a turn that was refused is gone with it."""
    room = make_room()
    room.journal.full_for = {"turn.answered"}
    record = await say(room, QUESTION, rivals(QUESTION))
    assert (record.why, room.voice.said) == ("unrecorded", [phrases.CANNOT_RECORD])
    room.journal.full_for = set()
    assert (await say(room, "the first")).heard == "the first"


async def test_two_names_in_doubt_are_asked_one_after_the_other(make_room: Make) -> None:
    """The question is answered once both are told, each in its own place."""
    room = make_room()
    text = f"is {ONE} or metformin given in anaphylaxis"
    at = text.index("metformin")
    second = Rivals(Place(at, at + 9, ("metformin", "methotrexate")), NEAR)
    await say(room, text, (*rivals(text), second))
    assert room.voice.said == ["Did you say metformin, or methotrexate?"]
    await say(room, "the second")
    assert room.voice.said[-1] == ASKED
    record = await say(room, "the second")
    assert record.heard == "is ephedrine or methotrexate given in anaphylaxis"
    assert record.route == "hub"


class Judge:
    """Holds what names John, and what follows such words; keeps what it was told."""

    def __init__(self) -> None:
        self.judged: list[tuple[str, float, bool]] = []

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        follows = previous is not None and previous.held
        self.judged.append((transcript.text, transcript.confidence, follows))
        if not transcript.text:
            return Held("", reasons=("empty",))
        if "john" in transcript.text:
            return Held(transcript.text, reasons=("items",))
        return Cleared(transcript.text, phi_gate._SEAL)


async def test_the_gate_judges_the_question_and_never_the_reply(make_room: Make) -> None:
    """A held question stays held with either name, and what comes next still follows it."""
    for reply in ("the second", "yes", "neither"):
        judge = Judge()
        room = make_room(gate=JudgeStage(judge))
        text = f"how much {ONE} for john"
        await doubt(room, text)
        record = await say(room, reply, confidence=0.7)
        assert record.verdict.held
        assert room.hub.asked == []
        await say(room, "how do i treat a fever in a child")
        assert judge.judged[-1][2]
        assert reply not in [words for words, _, _ in judge.judged]


async def test_the_question_is_no_surer_than_the_reply(make_room: Make) -> None:
    """The gate is told the lesser of the two confidences."""
    judge = Judge()
    room = make_room(gate=JudgeStage(judge))
    await doubt(room)
    await say(room, "the second", confidence=0.6)
    assert judge.judged[-1][:2] == (QUESTION.replace(ONE, OTHER), 0.6)


async def test_work_begun_ahead_is_asked_about_as_well(make_room: Make) -> None:
    """What was recognised, judged and searched at the first pause is answered only once told."""
    room = make_room(gate=JudgeStage(Judge()))
    ahead = Ahead(room.hearing, room.box.gate, room.box.library, lambda verdict: verdict.text)
    room.box = replace(room.box, ear=ahead, gate=ahead, library=ahead)
    for text, weighed in ((QUESTION, rivals(QUESTION)), ("the second", ())):
        room.hearing.text, room.hearing.rivals = text, weighed
        said = await room.hearing.collect(room.frames, None)
        ahead.begin(Utterance(said.samples, said.start, said.speech_end, said.ended_at))
        record = await run_turn(room.box, room.frames, Line(), "t")
    assert room.voice.said[0] == ASKED
    assert record.heard == QUESTION.replace(ONE, OTHER)
    assert room.hub.asked == [record.heard]


async def test_a_doubt_is_decided_again_from_its_tape(make_room: Make) -> None:
    """With the scores on it, asking, choosing, asking again and dropping come out the same."""
    room = make_room(gate=JudgeStage(Judge()))
    turns, events = list[TurnTape](), Events()
    events.watch(TapeRecorder(_Nothing(), lambda: True, room.clock, turns.append).watch)
    unweighed = float("nan"), float("nan")
    for text, weighed in (
        (QUESTION, rivals(QUESTION)), ("the second", ()), (QUESTION, rivals(QUESTION, FAR)),
        (QUESTION, rivals(QUESTION, unweighed)), ("yes", ()), (OTHER, rivals(OTHER, FAR, OTHER)),
        (QUESTION, rivals(QUESTION)), ("no", ()),
    ):  # fmt: skip
        room.hearing.text, room.hearing.rivals = text, weighed
        await take(room.box, room.frames, Line(), events.tell)
    routes = [turn.decided.route for turn in turns]
    assert routes == ["doubt", "hub", "hub", "doubt", "doubt", "hub", "doubt", "command"]
    tape = Tape(room=standing(), turns=tuple(turns))
    again = Tape.model_validate_json(tape.model_dump_json())
    assert await replay(again, Judge()) == []


class _Nothing:
    collected: tuple[()] = ()


def standing() -> Any:
    from appliance.replay.tape import Room  # noqa: PLC0415 - beside its one use

    return Room(
        release="0", edition=3, escalate="cleared", generalise=False, hub=True,
        today="2026-03-01", phi={}, segmentation={},
    )  # fmt: skip
