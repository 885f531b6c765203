from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from appliance.rules import phrases
from appliance.rules.commands import Command
from appliance.turn import run_turn
from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.wire import EscalationReply
from voiceassist.engines.ports import Prompt, Speed
from voiceassist.errors import Unverified

TEXT = (
    "Give epinephrine 0.5 mg into the outer thigh at once. Repeat the dose every 5 minutes if "
    "there is no improvement. Do not give antihistamines instead of epinephrine."
)
SUPPORTED = "Observe the patient for 6 hours after the symptoms have gone."
SOURCE = Source(
    document="watch", version=1, title="Observation", place="", quote=SUPPORTED, start=0,
    end=len(SUPPORTED),
)  # fmt: skip
PHI = "how much epinephrine for john in anaphylaxis"

Make = Callable[..., Any]


@dataclass(frozen=True)
class Up:
    up: bool = True


@dataclass(frozen=True)
class Down:
    up: bool = False


def reply(*texts: str, source: Source = SOURCE) -> Callable[[str], EscalationReply]:
    sentences = tuple(Sentence(text=text, kind="composed", sources=(source,)) for text in texts)
    return lambda turn: EscalationReply(turn_id=turn, outcome="answered", sentences=sentences)


async def test_an_answer_quotes_the_library_and_names_it(make_room: Make) -> None:
    """A library question is answered with the passage's own words behind a lead that names it."""
    room = make_room()
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert record.found
    assert record.route == "hub"
    assert record.sources[0].document == "anaphylaxis"
    assert room.voice.said[0].startswith("From Anaphylaxis")
    assert room.voice.said[1] in TEXT


async def test_held_never_reaches_the_link(make_room: Make) -> None:
    """A held query is answered by the room alone, though the link is up and policy allows."""
    room = make_room(PHI)
    room.hub.reply = reply(SUPPORTED)
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert record.verdict.held
    assert (record.route, record.why) == ("room", "held")
    assert room.hub.asked == []
    assert record.found
    assert room.voice.said


@pytest.mark.parametrize("said", ["stop", "Which source was that?", "Repeat that, please."])
async def test_commands_are_never_sent(make_room: Make, said: str) -> None:
    """A command to the assistant is done in the room, and journalled."""
    room = make_room(said)
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert record.route == "command"
    assert room.hub.asked == []
    assert [entry[0] for entry in room.journal.entries] == ["turn.answered"]


async def test_the_journal_comes_before_speech(make_room: Make) -> None:
    """Nothing is spoken or sent before the turn's entry is durable."""
    room = make_room()
    room.hub.reply = reply(SUPPORTED)
    await run_turn(room.box, room.frames, Up(), "t1")
    assert room.events[:2] == ["judged", "turn.answered"]
    assert room.events.index("turn.answered") < room.events.index("escalated")
    said_last = room.voice.said.index(SUPPORTED)
    spoken_at = [i for i, event in enumerate(room.events) if event == "spoke"][said_last]
    assert room.events.index("turn.composed") < spoken_at


async def test_an_unrecorded_turn_is_refused_aloud(make_room: Make) -> None:
    """Where the journal can't be written the refusal is spoken, and nothing else."""
    room = make_room()
    room.hub.reply = reply(SUPPORTED)
    room.journal.full_for = {"turn.answered"}
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert room.voice.said == [phrases.CANNOT_RECORD]
    assert room.hub.asked == []
    assert (record.route, record.why, record.sources) == ("refuse", "unrecorded", ())


async def test_what_is_composed_but_unrecorded_is_not_spoken(make_room: Make) -> None:
    """A composed sentence whose entry can't be written is dropped; the quotation stands."""
    room = make_room()
    room.hub.reply = reply(SUPPORTED)
    room.journal.full_for = {"turn.composed"}
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert SUPPORTED not in room.voice.said
    assert SUPPORTED not in [sentence.text for sentence in record.sentences]
    assert room.voice.said


async def test_a_failing_hub_changes_nothing_here(make_room: Make) -> None:
    """The room's own answer is the same with the hub up, failing, silent, or away."""
    alone = make_room(hub=False)
    await run_turn(alone.box, alone.frames, Down(), "t1")
    for error in (None, ConnectionError("away"), TimeoutError(), RuntimeError("odd")):
        room = make_room()
        room.hub.error = error
        record = await run_turn(room.box, room.frames, Up(), "t1")
        assert room.voice.said == alone.voice.said
        assert record.found


@pytest.mark.parametrize(
    "text",
    [
        "Observe the patient for 60 hours after the symptoms have gone.",  # another number
        "Do not observe the patient after the symptoms have gone.",  # its negation
        "Observe the patient on ibuprofen for 6 hours after the symptoms.",  # a drug
        "The patient should rest in a dark room and drink water.",  # nothing of it
    ],
)
async def test_what_the_passages_do_not_support_is_not_spoken(make_room: Make, text: str) -> None:
    """A composed sentence that says more than its sources is dropped, whoever sent it."""
    room = make_room()
    room.hub.reply = reply(text)
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert text not in room.voice.said
    assert "turn.composed" not in [entry[0] for entry in room.journal.entries]
    assert all(sentence.kind != "composed" for sentence in record.sentences)


async def test_sources_that_the_room_lacks_support_nothing(make_room: Make) -> None:
    """A sentence whose passage does not stand in the room's own edition is dropped."""
    room = make_room()
    claim = "Give paracetamol 9 g to everyone."
    invented = SOURCE.model_copy(update={"quote": claim})
    room.hub.reply = reply(claim, source=invented)
    await run_turn(room.box, room.frames, Up(), "t1")
    assert claim not in room.voice.said


async def test_an_answer_to_another_turn_is_dropped(make_room: Make) -> None:
    """A reply that carries another turn's id is not spoken."""
    room = make_room()
    room.hub.reply = lambda _turn: reply(SUPPORTED)("another")
    await run_turn(room.box, room.frames, Up(), "t1")
    assert SUPPORTED not in room.voice.said


@pytest.mark.parametrize(("policy", "link"), [("never", Up()), ("cleared", Down())])
async def test_policy_and_link_keep_a_cleared_query_here(
    make_room: Make, policy: str, link: Up | Down
) -> None:
    """A cleared query stays where policy forbids or the link is down."""
    room = make_room(policy=policy)
    record = await run_turn(room.box, room.frames, link, "t1")
    assert (record.route, room.hub.asked) == ("room", [])


async def test_entries_hold_no_words(make_room: Make) -> None:
    """The journal's detail holds none of the words that were heard or answered."""
    room = make_room(PHI)
    record = await run_turn(room.box, room.frames, Up(), "t1")
    told = str(room.journal.entries)
    for words in (record.heard, "john", *(sentence.text for sentence in record.sentences)):
        assert words not in told
    assert room.journal.entries[0][2]["kinds"] == {"NAME": 1}


async def test_times_add_up(make_room: Make) -> None:
    """The stages' times sum to the time from the end of speech to the first sound."""
    room = make_room()
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert record.timings["endpoint"] == pytest.approx(600)
    assert record.timings["stt"] == pytest.approx(300)
    assert record.timings["voice"] == pytest.approx(250)
    assert record.speech_end_to_first_audio == pytest.approx(sum(record.timings.values()))


async def test_without_the_wake_word_there_is_no_turn(make_room: Make) -> None:
    """A recording that ends without the wake word is judged, recorded and answered by nobody."""
    room = make_room()
    room.hearing.woken = False
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert not record.woke
    assert room.events == []


async def test_nothing_heard_is_said_so(make_room: Make) -> None:
    """An empty transcript is held and answered by asking to say it again."""
    room = make_room("")
    record = await run_turn(room.box, room.frames, Up(), "t1")
    assert (record.route, record.verdict.held) == ("refuse", True)
    assert room.voice.said == [phrases.NOT_HEARD]


async def test_repeat_source_and_more_go_back_to_the_last_answer(make_room: Make) -> None:
    """After an answer, "repeat" says it again, "which source" names it, "more" goes on in it."""
    room = make_room()
    await run_turn(room.box, room.frames, Down(), "t1")
    answer = list(room.voice.said)
    room.hearing.text = "repeat that please"
    await run_turn(room.box, room.frames, Down(), "t2")
    assert room.voice.said == answer * 2
    room.hearing.text = "which source was that"
    record = await run_turn(room.box, room.frames, Down(), "t3")
    assert "Anaphylaxis" in room.voice.said[-1]
    assert record.sources[0].document == "anaphylaxis"
    room.hearing.text = "more"
    record = await run_turn(room.box, room.frames, Down(), "t4")
    assert not {s.text for s in record.sentences} & set(answer)


async def test_louder_reaches_the_voice(make_room: Make) -> None:
    """A command about the voice itself is passed to it."""
    room = make_room("speak louder please")
    await run_turn(room.box, room.frames, Down(), "t1")
    assert room.voice.adjusted == [Command.LOUDER]


async def test_a_damaged_library_is_an_error_and_not_an_answer(make_room: Make) -> None:
    """A library that can't be read ends the turn with its error, instead of "nothing on that"."""
    room = make_room()

    def damaged(query: str, limit: int = 5) -> list[object]:
        raise Unverified("the library's file is damaged; synchronise it again")

    room.shelf._edition.find = damaged
    with pytest.raises(Unverified):
        await run_turn(room.box, room.frames, Up(), "t1")
    assert room.voice.said == []


class Scripted:
    """A local model that says one thing."""

    model = "scripted"

    def __init__(self, text: str) -> None:
        self.text = text

    def generate(self, prompt: Prompt) -> Iterator[str]:
        yield self.text

    def stop(self) -> None:
        pass

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def measure(self) -> Speed:
        return Speed(1.0, 1.0)

    def close(self) -> None:
        pass


async def test_the_local_model_adds_only_what_is_supported(make_room: Make) -> None:
    """Of a local model's sentences only those that the passages support are spoken."""
    goods = [
        "Give epinephrine 0.5 mg into the outer thigh at once.",
        "Children in anaphylaxis get epinephrine 0.15 mg.",
        "Repeat epinephrine every 5 minutes in anaphylaxis.",
        "Do not give antihistamines instead of epinephrine.",
    ]
    bad = "Repeat epinephrine every 2 minutes in anaphylaxis."
    room = make_room(PHI, generator=Scripted(" ".join([bad, *goods])))
    text = " ".join(goods)
    edition = room.shelf._edition
    edition.passages = (edition.passages[0].model_copy(update={"text": text, "end": len(text)}),)
    edition.texts = {"anaphylaxis": text}
    record = await run_turn(room.box, room.frames, Down(), "t1")
    said = " ".join(room.voice.said)
    assert bad not in said
    assert [said.count(good) for good in goods] == [1, 1, 1, 1]
    assert any(sentence.kind == "composed" for sentence in record.sentences)
