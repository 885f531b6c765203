"""What was composed once is spoken again, for as long as the edition supports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.rules import phrases
from appliance.turn import run_turn
from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.wire import EscalationReply
from voiceassist.knowledge.answers.answer import NOTHING_FOUND, NOTHING_SURE
from voiceassist.knowledge.answers.cache import AnswerCache

OBSERVE = "Observe the patient for 6 hours after the symptoms have gone."
SOURCE = Source(
    document="watch", version=1, title="Observation", place="", quote=OBSERVE, start=0,
    end=len(OBSERVE),
)  # fmt: skip

Make = Callable[..., Any]


@dataclass(frozen=True)
class Link:
    up: bool


class OneVector:
    """All texts mean the same: what tells them apart is left to their words."""

    model, sha256, dimension = "one", "0", 4

    def embed(self, texts: Sequence[str]) -> Any:
        return np.full((len(texts), 4), 0.5, dtype=np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    cache = AnswerCache(tmp_path / "answers.sqlite", OneVector())
    yield cache
    cache.close()


def observed(turn: str) -> EscalationReply:
    said = Sentence(text=OBSERVE, kind="composed", sources=(SOURCE,))
    return EscalationReply(turn_id=turn, outcome="answered", sentences=(said,))


async def asked_twice(room: Any, *, second: str | None = None, up: bool = True) -> None:
    room.hub.reply = observed
    await run_turn(room.box, room.frames, Link(up=True), "t1")
    assert room.voice.said.count(OBSERVE) == 1
    room.hearing.text = second or room.hearing.text
    await run_turn(room.box, room.frames, Link(up=up), "t2")


@pytest.mark.parametrize("up", [True, False])
async def test_the_same_question_asks_the_hub_once(
    make_room: Make, cache: AnswerCache, *, up: bool
) -> None:
    """The second time it is spoken and recorded as the first, with the hub away, too."""
    room = make_room(cache=cache)
    await asked_twice(room, up=up)
    assert len(room.hub.asked) == 1
    assert room.voice.said.count(OBSERVE) == 2
    assert [entry[0] for entry in room.journal.entries].count("turn.composed") == 2


async def test_a_near_question_is_asked_anew(make_room: Make, cache: AnswerCache) -> None:
    """Of another patient, with vectors that can't tell: the hub is asked again."""
    room = make_room(cache=cache)
    await asked_twice(room, second="how much epinephrine do i give a child in anaphylaxis")
    assert len(room.hub.asked) == 2


async def test_a_held_question_gets_nothing_that_was_kept(
    make_room: Make, cache: AnswerCache
) -> None:
    """The same words with a name are answered by the room's own quotation alone."""
    room = make_room(cache=cache)
    await asked_twice(room, second="john how much epinephrine do i give in anaphylaxis")
    assert room.voice.said.count(OBSERVE) == 1


async def test_a_new_edition_is_asked_anew(make_room: Make, cache: AnswerCache) -> None:
    """What was made of one edition is not spoken from the next."""
    room = make_room(cache=cache)
    room.hub.reply = observed
    await run_turn(room.box, room.frames, Link(up=True), "t1")
    room.shelf._edition.version += 1
    await run_turn(room.box, room.frames, Link(up=True), "t2")
    assert len(room.hub.asked) == 2


async def test_what_no_longer_stands_is_not_spoken(make_room: Make, cache: AnswerCache) -> None:
    """A kept sentence whose passage is gone is dropped, though version and root are the same."""
    room = make_room(cache=cache)
    room.hub.reply = observed
    await run_turn(room.box, room.frames, Link(up=True), "t1")
    room.shelf._edition.texts["watch"] = "Observe the patient for 9 hours."
    await run_turn(room.box, room.frames, Link(up=True), "t2")
    assert room.voice.said.count(OBSERVE) == 1
    assert len(room.hub.asked) == 2


async def test_repeat_and_source_know_what_was_composed(make_room: Make) -> None:
    """After a composed answer "repeat" says all of it, and "which source" names its sources."""
    room = make_room()
    room.hub.reply = observed
    await run_turn(room.box, room.frames, Link(up=True), "t1")
    room.hearing.text = "repeat that"
    await run_turn(room.box, room.frames, Link(up=True), "t2")
    assert room.voice.said.count(OBSERVE) == 2
    room.hearing.text = "which source was that"
    record = await run_turn(room.box, room.frames, Link(up=True), "t3")
    assert {source.document for source in record.sources} == {"anaphylaxis", "watch"}
    assert "Observation" in room.voice.said[-1]


async def test_source_after_nothing_says_that_there_is_none(make_room: Make) -> None:
    """Where the library had nothing, "which source" and "more" say so again."""
    room = make_room()
    room.shelf._edition.passages = ()
    await run_turn(room.box, room.frames, Link(up=False), "t1")
    for said, told in (("which source was that", phrases.NO_SOURCE), ("more", NOTHING_FOUND)):
        room.hearing.text = said
        await run_turn(room.box, room.frames, Link(up=False), "t2")
        assert room.voice.said[-1] == told


async def test_what_was_only_named_is_read_out_when_it_is_asked_for(make_room: Make) -> None:
    """After "the nearest is" the word "more" quotes that place with its source, then no more."""
    room = make_room()
    weak = room.shelf._edition.passages[0].model_copy(update={"strength": 0.3})
    room.shelf._edition.passages = (weak,)
    record = await run_turn(room.box, room.frames, Link(up=False), "t1")
    assert not record.sources
    assert room.voice.said[:2] == [NOTHING_SURE, "The nearest is Anaphylaxis, Treatment."]
    room.hearing.text = "read it out"
    record = await run_turn(room.box, room.frames, Link(up=False), "t2")
    assert {source.document for source in record.sources} == {weak.document}
    assert room.voice.said[-1].rstrip(".") in weak.text
    room.hearing.text = "which source was that"
    await run_turn(room.box, room.frames, Link(up=False), "t3")
    assert "Anaphylaxis" in room.voice.said[-1]
    room.hearing.text = "more"
    await run_turn(room.box, room.frames, Link(up=False), "t4")
    assert room.voice.said[-1] == phrases.NO_MORE


async def test_what_a_new_edition_took_back_is_not_read_out(make_room: Make) -> None:
    """Between an answer and "more" a document may be withdrawn: its words are not spoken then."""
    for strength in (0.3, 0.9):
        room = make_room()
        long = room.shelf._edition.passages[0].model_copy(update={"strength": strength})
        room.shelf._edition.passages = (long,)
        await run_turn(room.box, room.frames, Link(up=False), "t1")
        told = len(room.voice.said)
        room.shelf._edition.texts = {}
        room.hearing.text = "more"
        record = await run_turn(room.box, room.frames, Link(up=False), "t2")
        assert not record.sources
        assert room.voice.said[told:] == [phrases.CHANGED]


async def test_nothing_here_is_asked_outside_and_said_so(make_room: Make) -> None:
    """What the library lacks is asked where that may be, and the room tells what came of it."""
    for reply, said in ((observed, OBSERVE), (lambda _turn: None, phrases.NOTHING_CAME)):
        room = make_room()
        room.shelf._edition.passages = ()
        room.hub.reply = reply
        await run_turn(room.box, room.frames, Link(up=True), "t1")
        assert room.voice.said == [NOTHING_FOUND, phrases.ASKING, said]


@pytest.mark.parametrize(
    ("text", "policy", "said"),
    [
        ("how much epinephrine in anaphylaxis", "cleared", [NOTHING_FOUND, phrases.ASK_LATER]),
        ("how much epinephrine in anaphylaxis", "never", [NOTHING_FOUND]),
        ("how much epinephrine for john", "cleared", [NOTHING_FOUND]),
    ],
)
async def test_later_is_offered_only_for_what_may_leave(
    make_room: Make, text: str, policy: str, said: list[str]
) -> None:
    """With the hub away a cleared question may be asked again; a held or forbidden one may not."""
    room = make_room(text, policy=policy)
    room.shelf._edition.passages = ()
    await run_turn(room.box, room.frames, Link(up=False), "t1")
    assert room.voice.said == said


async def test_where_policy_says_so_it_is_offered_to_ask_outside(make_room: Make) -> None:
    """Nothing leaves before the yes; then the very question goes, and its answer is spoken."""
    room = make_room(policy="ask")
    room.shelf._edition.passages = ()
    room.hub.reply = observed
    question = room.hearing.text
    record = await run_turn(room.box, room.frames, Link(up=True), "t1")
    assert (record.route, record.why, record.offered, room.hub.asked) == ("room", "ask", True, [])
    assert room.voice.said == [NOTHING_FOUND, "Shall I ask outside? Say yes to ask."]
    room.hearing.text = "yes please"
    record = await run_turn(room.box, room.frames, Link(up=True), "t2")
    assert (record.route, record.why, record.outcome) == ("hub", "asked", "asked")
    assert room.hub.asked == [question]
    assert room.voice.said[-1] == OBSERVE


@pytest.mark.parametrize(
    ("text", "found", "up"),
    [
        ("how much epinephrine in anaphylaxis", True, True),
        ("how much epinephrine in anaphylaxis", False, False),
        ("how much epinephrine for john", False, True),
    ],
)
async def test_what_is_found_held_or_has_no_way_out_is_not_offered(
    make_room: Make, text: str, *, found: bool, up: bool
) -> None:
    """A yes after a turn without an offer asks nobody."""
    room = make_room(text, policy="ask")
    if not found:
        room.shelf._edition.passages = ()
    record = await run_turn(room.box, room.frames, Link(up=up), "t1")
    room.hearing.text = "yes"
    await run_turn(room.box, room.frames, Link(up=True), "t2")
    assert (record.offered, room.hub.asked) == (False, [])


async def test_a_room_without_a_hub_awaits_none(make_room: Make) -> None:
    """Where no hub was ever joined, nothing is said of its coming back."""
    room = make_room(hub=False)
    room.shelf._edition.passages = ()
    await run_turn(room.box, room.frames, Link(up=False), "t1")
    assert room.voice.said == [NOTHING_FOUND]
