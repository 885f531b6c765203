"""A held question, the offer to ask outside without whom it is about, and the turn after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.judging import JudgeStage
from appliance.adapters.offering import NoOffers, Offers
from appliance.rules import phrases
from appliance.rules.offer import STANDS_S
from appliance.rules.record import TurnRecord
from appliance.settings import ApplianceSettings
from appliance.stages import Played
from appliance.turn import run_turn
from appliance.wiring import _offers
from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.contract.wire import EscalationReply
from voiceassist.engines.ports import Samples
from voiceassist.errors import Unavailable

Make = Callable[..., Any]
PHI = "how much epinephrine for john in anaphylaxis"
GENERAL = "how much epinephrine for the patient in anaphylaxis"
OBSERVE = "Observe the patient for 6 hours after the symptoms have gone."
SOURCE = Source(
    document="watch", version=1, title="Observation", place="", quote=OBSERVE, start=0,
    end=len(OBSERVE),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    up: bool = True


def answers(*texts: str) -> Callable[[str], EscalationReply]:
    sentences = tuple(Sentence(text=text, kind="composed", sources=(SOURCE,)) for text in texts)
    return lambda turn: EscalationReply(turn_id=turn, outcome="answered", sentences=sentences)


async def say(room: Any, text: str, *, up: bool = True) -> TurnRecord:
    """One turn in which `text` is heard."""
    room.hearing.text = text
    return await run_turn(room.box, room.frames, Line(up), f"turn-{len(room.events)}")


def details(room: Any) -> list[tuple[str, str, Any]]:
    return [(outcome, d["why"], d["offered"]) for action, outcome, d in room.journal.entries
            if action == "turn.answered"]  # fmt: skip


async def test_a_yes_asks_the_generalised_question_and_nothing_else(make_room: Make) -> None:
    """The room answers alone and offers; on a yes the very words that were read back go out."""
    room = make_room(generalise=True)
    room.hub.reply = answers(OBSERVE)
    held = await say(room, PHI)
    assert (held.route, held.why, held.found, held.offered) == ("room", "held", True, True)
    assert GENERAL in room.voice.said[-1]
    assert "john" not in room.voice.said[-1]
    assert room.hub.asked == []
    asked = await say(room, "Yes, please.")
    assert (asked.route, asked.why) == ("hub", "generalised")
    assert room.hub.asked == [GENERAL]
    assert phrases.ASKING in room.voice.said


async def test_the_name_is_put_back_in_the_room_alone(make_room: Make) -> None:
    """The composed sentence is spoken with the name; record, journal and hub have it without."""
    room = make_room(generalise=True)
    room.hub.reply = answers(OBSERVE)
    await say(room, PHI)
    record = await say(room, "yes")
    assert room.voice.said[-1] == OBSERVE.replace("the patient", "john")
    assert [sentence.text for sentence in record.sentences][-1] == OBSERVE
    assert "john" not in str(room.journal.entries)
    assert "john" not in str(room.hub.asked)


async def test_support_is_checked_before_the_name_is_put_back(make_room: Make) -> None:
    """A sentence that the passages don't support isn't spoken, and that nothing came is."""
    room = make_room(generalise=True)
    room.hub.reply = answers(OBSERVE.replace("6", "60"))
    await say(room, PHI)
    await say(room, "yes")
    assert room.hub.asked == [GENERAL]
    assert room.voice.said[-2:] == [phrases.ASKING, phrases.NOTHING_CAME]


async def test_what_the_turn_before_said_is_not_said_again(make_room: Make) -> None:
    """A composed sentence that only repeats the answer to the held question is dropped."""
    room = make_room(generalise=True)
    quoted = "Give epinephrine 0.5 mg into the outer thigh at once."
    source = SOURCE.model_copy(
        update={"document": "anaphylaxis", "quote": quoted, "end": len(quoted)}
    )
    again = Sentence(text=quoted, kind="composed", sources=(source,))
    room.hub.reply = lambda turn: EscalationReply(
        turn_id=turn, outcome="answered", sentences=(again,)
    )
    await say(room, PHI)
    assert quoted in room.voice.said
    await say(room, "yes")
    assert room.voice.said[-1] == phrases.NOTHING_CAME


async def test_offer_and_consent_are_entered_by_codes(make_room: Make) -> None:
    """The trail tells what was offered, consented to and added, in order and without words."""
    room = make_room(generalise=True)
    room.hub.reply = answers(OBSERVE)
    await say(room, PHI)
    await say(room, "yes")
    assert details(room) == [("answered", "held", True), ("asked", "generalised", False)]
    assert room.events.index("escalated") > room.events.index("turn.answered", 3)
    assert room.journal.entries[-1][0] == "turn.composed"
    for words in (PHI, GENERAL, "epinephrine", "john", "patient"):
        assert words not in str(room.journal.entries)


@pytest.mark.parametrize("reply", ["no", "No, thanks."])
async def test_a_no_is_acknowledged(make_room: Make, reply: str) -> None:
    """A no asks nobody, and a yes after it has nothing to stand on."""
    room = make_room(generalise=True)
    await say(room, PHI)
    record = await say(room, reply)
    assert (record.route, record.why) == ("command", "declined")
    assert room.voice.said[-1] == phrases.ADJUSTED
    await say(room, "yes")
    assert GENERAL not in room.hub.asked


@pytest.mark.parametrize("between", ["stop", "repeat that", "", f"{PHI} again"])
async def test_anything_else_drops_the_offer(make_room: Make, between: str) -> None:
    """Any turn but a yes ends the offer; a yes after it is a question like any other."""
    room = make_room(generalise=True)
    await say(room, PHI)
    await say(room, between)
    await say(room, "yes")
    assert GENERAL not in room.hub.asked


async def test_a_turn_that_fails_ends_the_offer(make_room: Make) -> None:
    """Where the turn after breaks off before anything is judged, the offer is over all the same."""
    room = make_room(generalise=True)
    await say(room, PHI)
    room.hearing.broken = Unavailable("the ear is broken; start the room again")
    with pytest.raises(Unavailable):
        await say(room, "yes")
    room.hearing.broken = None
    await say(room, "yes")
    assert GENERAL not in room.hub.asked


@pytest.mark.parametrize(("wait", "confidence", "up", "why"), [
    (STANDS_S + 1, 0.9, True, "late"),
    (0, 0.4, True, "unsure"),
    (0, 0.9, False, "offline"),
])  # fmt: skip
async def test_a_yes_too_late_unsure_or_without_a_hub_asks_nobody(
    make_room: Make,
    wait: float,
    confidence: float,
    up: bool,  # noqa: FBT001
    why: str,
) -> None:
    """Such a yes is told that nothing was asked."""
    room = make_room(generalise=True)
    await say(room, PHI)
    room.clock.pass_(wait)
    room.hearing.confidence = confidence
    record = await say(room, "yes", up=up)
    assert (record.route, record.why) == ("command", why)
    assert room.voice.said[-1] == phrases.NOT_ASKED
    assert room.hub.asked == []


class Interrupted:
    """A speaker that the wake word stops before the last sentence, as a device tells it."""

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        await anext(speech)
        return Played(None, 0, whole=False)


async def test_what_was_not_read_back_can_not_be_taken_up(make_room: Make) -> None:
    """A yes that interrupts the reading back consents to nothing."""
    room = make_room(generalise=True)
    whole, room.box = room.box, replace(room.box, speaker=Interrupted())
    await say(room, PHI)
    room.box = whole
    record = await say(room, "yes")
    assert (record.why, room.hub.asked) == ("unheard", [])


async def test_an_unrecorded_turn_offers_nothing(make_room: Make) -> None:
    """Where the held turn can't be entered nothing is offered; an unrecorded yes asks nobody."""
    room = make_room(generalise=True)
    room.journal.full_for = {"turn.answered"}
    record = await say(room, PHI)
    assert (record.offered, room.voice.said) == (False, [phrases.CANNOT_RECORD])
    room.journal.full_for = set()
    await say(room, PHI)
    room.journal.full_for = {"turn.answered"}
    await say(room, "yes")
    assert room.hub.asked == []
    assert room.voice.said[-1] == phrases.CANNOT_RECORD


@pytest.mark.parametrize("outcome", ["refused", "unsupported", None])
async def test_a_hub_that_refuses_is_told(make_room: Make, outcome: str | None) -> None:
    """Where the hub refuses, has nothing or is silent, the room says that nothing came."""
    room = make_room(generalise=True)
    room.hub.reply = lambda turn: outcome and EscalationReply(turn_id=turn, outcome=outcome)
    await say(room, PHI)
    await say(room, "yes")
    assert room.voice.said[-1] == phrases.NOTHING_CAME


@pytest.mark.parametrize(("generalise", "up"), [(False, True), (True, False)])
async def test_nothing_is_offered_where_it_is_off_or_the_link_is_down(
    make_room: Make,
    generalise: bool,  # noqa: FBT001
    up: bool,  # noqa: FBT001
) -> None:
    """Without the setting or the hub a held question is answered as ever, and a yes is nothing."""
    plain = make_room()
    await say(plain, PHI)
    room = make_room(generalise=generalise)
    record = await say(room, PHI, up=up)
    assert not record.offered
    assert room.voice.said == plain.voice.said
    await say(room, "yes")
    assert GENERAL not in room.hub.asked


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        ({}, NoOffers),
        ({"generalise": True}, Offers),
        ({"generalise": True, "escalate": "never"}, NoOffers),
    ],
)
def test_offers_are_off_by_default(
    tmp_path: Path, policy: dict[str, object], kind: type[object]
) -> None:
    """A room makes offers only where its settings say so and let it ask the hub at all."""
    settings = ApplianceSettings.checked("test", {"data_dir": tmp_path, "policy": policy})
    assert isinstance(_offers(settings, JudgeStage(NeverAsked())), kind)


class NeverAsked:
    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        raise AssertionError


async def test_a_fault_in_generalising_leaves_the_answer_alone(
    make_room: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong in making an offer, the room answers, and no word is logged."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError(PHI)

    monkeypatch.setattr("voiceassist.phi.generalise.generalise", broken)
    room = make_room(generalise=True)
    record = await say(room, PHI)
    assert record.found
    assert not record.offered
    assert "john" not in caplog.text
    assert "ValueError" in caplog.text
