"""A live room on virtual time: frames are fed one by one, and what happens is looked at between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from appliance.adapters.attention import Attention, Call
from appliance.adapters.hearing import Segmenter
from appliance.adapters.live import Live
from appliance.events import Event, Events, Left, Speaking, Woke
from appliance.rules.segment import Segmentation
from appliance.stages import Frame, Utterance
from appliance.turn import TurnRecord
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.errors import Unavailable, VoiceAssistError

FRAME = 512


class Mic:
    """A stream that is fed by the test."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.place = 0

    async def read(self) -> Frame | None:
        return await self.frames.get()

    def since(self, sample: int) -> Sequence[Frame]:
        return ()

    def moment(self, sample: int) -> float:
        return sample / 16_000


@dataclass
class Hits:
    """Hits in the frames whose samples are 7."""

    fed: int = 0

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        self.fed += len(samples)
        return [WakeHit(self.fed, 0.9)] if samples[0] == 7 else []

    def reset(self) -> None:
        self.fed = 0


class Guess:
    heard: str | None = None

    def begin(self, utterance: Utterance) -> None:
        pass


@dataclass
class Words:
    """An ear that hears what it is told to."""

    says: list[str] = field(default_factory=list)
    heard: list[Utterance] = field(default_factory=list)

    async def transcribe(self, utterance: Utterance) -> Transcript:
        self.heard.append(utterance)
        return Transcript(self.says.pop(0), confidence=0.9)


@dataclass
class Turns:
    """Turns that last until they are stopped or let go."""

    calls: list[tuple[Call, Utterance]] = field(default_factory=list)
    silences: int = 0
    failures: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    awaits: bool = False

    async def take(self, call: Call, utterance: Utterance) -> TurnRecord | None:
        self.calls.append((call, utterance))
        if not call.quiet:
            self.over.clear()
            await self.over.wait()
        return TurnRecord("t", woke=True, offered=self.awaits)

    async def nothing_said(self, call: Call) -> None:
        self.silences += 1

    async def failed(self, call: Call, error: VoiceAssistError) -> None:
        self.failures.append(str(error))

    # the speech of the turn

    def pause(self) -> None:
        self.spoken.append("pause")

    def resume(self) -> None:
        self.spoken.append("resume")

    def stop(self) -> None:
        self.spoken.append("stop")
        self.over.set()


class Place:
    """The room, its microphone, and what came of it."""

    def __init__(self, ours: Callable[[WakeHit], Awaitable[bool]] | None = None) -> None:
        async def always(_hit: WakeHit) -> bool:
            return True

        self.mic, self.ear, self.turns = Mic(), Words(), Turns()
        self.events, self.told = Events(), list[Event]()
        self.events.watch(self.told.append)
        self.live = Live(self.mic, Hits)
        self.segmenter = Segmenter(Segmentation(), Guess())
        self.attention = Attention(
            self.live, self.segmenter, self.ear, self.turns, self.turns, self.events,
            ours=ours or always,
        )  # fmt: skip
        self.tasks = [
            asyncio.create_task(self.live.run()), asyncio.create_task(self.attention.run()),
        ]  # fmt: skip

    async def hear(self, ms: int, speech: float = 0.0, *, sample: int = 1) -> None:
        for _ in range(ms * 16 // FRAME):
            samples = np.full(FRAME, sample, np.int16)
            self.mic.frames.put_nowait(Frame(self.mic.place, samples, speech))
            self.mic.place += FRAME
            for _ in range(12):  # as many steps as any reader needs for a frame
                await asyncio.sleep(0)

    async def call(self) -> None:
        """The wake word, spoken."""
        await self.hear(500, 0.9)
        await self.hear(32, 0.9, sample=7)
        await self.hear(160)

    async def ask(self) -> None:
        """The wake word and a question, to the end of its silence."""
        await self.call()
        await self.hear(1500, 0.9)
        await self.hear(1600)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_a_call_and_a_question_are_a_turn() -> None:
    """The turn gets what was said behind the wake word, and the room waits again after it."""
    place = Place()
    await place.hear(1000)
    await place.ask()
    ((call, utterance),) = place.turns.calls
    assert call.cause == "wake"
    assert 1400 <= len(utterance.samples) / 16 <= 2100
    place.turns.over.set()
    await place.hear(500)
    await place.ask()
    assert len(place.turns.calls) == 2
    await place.end()


async def test_a_call_with_nothing_behind_it_is_no_turn() -> None:
    """A false wake is recorded and says nothing."""
    place = Place()
    await place.call()
    await place.hear(6000)
    assert (place.turns.calls, place.turns.silences) == ([], 1)
    await place.end()


async def test_another_boxs_call_is_left_to_it() -> None:
    """Where another box answers, this one takes no turn and records none."""

    async def theirs(_hit: WakeHit) -> bool:
        return False

    place = Place(theirs)
    await place.ask()
    assert (place.turns.calls, place.turns.silences) == ([], 0)
    woke, left = place.told
    assert isinstance(woke, Woke)
    assert left == Left(woke.turn_id, "elsewhere")
    await place.end()


async def test_a_reply_ends_where_another_box_answers_the_next_call() -> None:
    """A box that speaks does not go on over the answer of a nearer one."""
    ours = [True, False]

    async def then_theirs(_hit: WakeHit) -> bool:
        return ours.pop(0)

    place = Place(then_theirs)
    await place.ask()
    await place.hear(1000)
    await place.ask()
    assert len(place.turns.calls) == 1
    assert place.turns.spoken[0] == "pause"
    assert place.turns.spoken[-1] == "stop"
    assert "resume" not in place.turns.spoken
    await place.end()


async def test_another_boxs_call_is_not_listened_to() -> None:
    """Once another box is known to answer, this one hears no further, though speech goes on."""
    settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def later(_hit: WakeHit) -> bool:
        return await settled

    place = Place(later)
    await place.call()
    await place.hear(300, 0.9)
    asked = asyncio.create_task(place.attention.answers())
    await asyncio.sleep(0)
    assert not asked.done(), "no tone before it is settled"
    settled.set_result(False)
    await place.hear(64, 0.9)
    assert not await asked
    assert [type(event) for event in place.told] == [Woke, Left]
    await place.end()


async def test_the_wake_word_over_a_reply_begins_the_next_turn() -> None:
    """The reply is silent as soon as the word is heard, and ends once something is asked."""
    place = Place()
    await place.ask()
    await place.hear(1000)
    await place.call()
    assert isinstance(place.told[-1], Woke)  # at once, so that a light can show it
    assert "pause" in place.turns.spoken
    assert "stop" not in place.turns.spoken
    await place.hear(1500, 0.9)
    await place.hear(900)
    assert [call.cause for call, _ in place.turns.calls] == ["wake", "wake"]
    assert "stop" in place.turns.spoken
    await place.end()


async def test_a_false_wake_over_a_reply_lets_it_go_on() -> None:
    """With nothing behind the word, the reply goes on where it was."""
    place = Place()
    await place.ask()
    await place.hear(1000)
    await place.hear(32, 0.0, sample=7)
    await place.hear(6000)
    assert len(place.turns.calls) == 1
    assert place.turns.spoken[-2:] == ["pause", "resume"]
    assert "stop" not in place.turns.spoken
    await place.end()


async def spoken_over(place: Place, words: str, ms: int = 450) -> None:
    await place.ask()
    await place.hear(1500)
    place.ear.says = [words]
    await place.hear(ms, 0.9)
    await place.hear(600)


async def test_stop_stops_without_the_wake_word() -> None:
    """Said over a reply a command ends it, and is a turn of its own, recorded like any other."""
    place = Place()
    await spoken_over(place, "Stop.")
    assert place.turns.spoken[:2] == ["pause", "stop"]
    call, _ = place.turns.calls[1]
    assert call.transcript is not None
    assert call.transcript.text == "Stop."
    await place.end()


async def test_louder_lets_the_reply_go_on() -> None:
    """How the room speaks is changed without a word, and the reply goes on."""
    place = Place()
    await spoken_over(place, "Louder.")
    assert place.turns.calls[1][0].quiet
    assert place.turns.spoken[-2:] == ["pause", "resume"]
    await place.end()


async def test_an_echo_or_a_cough_lets_the_reply_go_on() -> None:
    """What is the room's own voice, or nothing, pauses and no more."""
    place = Place()
    place.events.tell(Speaking("t", Sentence(text="Give 5 mg every day.", kind="quote")))
    for said in ("every day", ""):
        await spoken_over(place, said)
        assert place.turns.spoken[-2:] == ["pause", "resume"]
        place.turns.stop()
        await place.hear(100)
        place.turns.spoken.clear()
    assert len(place.turns.calls) == 2
    await place.end()


async def test_talk_ends_the_reply_and_asks_nothing() -> None:
    """Who speaks to somebody else is not spoken over; what they said is no question."""
    place = Place()
    await spoken_over(place, "Please lie down over there.", ms=1500)
    assert place.turns.spoken[:2] == ["pause", "stop"]
    assert len(place.turns.calls) == 1
    await place.end()


async def test_long_talk_ends_the_reply_before_it_ends() -> None:
    """Three seconds of talk over a reply are no command."""
    place = Place()
    await place.ask()
    await place.hear(1500)
    await place.hear(3000, 0.9)
    assert place.turns.spoken[:2] == ["pause", "stop"]
    assert place.ear.heard == []
    await place.end()


async def test_a_question_that_goes_on_is_heard_to_its_end() -> None:
    """Who pauses for longer than the endpoint waits isn't cut off: the question is heard anew."""
    place = Place()
    await place.call()
    await place.hear(1000, 0.9)
    await place.hear(750)
    assert len(place.turns.calls) == 1
    await place.hear(1000, 0.9)
    await place.hear(1600)
    (_, first), (again, whole) = place.turns.calls
    assert again.cause == "wake"
    assert whole.start == first.start
    assert whole.speech_end - first.speech_end >= 1000 * 16
    await place.end()


async def test_a_reply_is_heard_without_the_wake_word() -> None:
    """Where the room asked something it listens at once; silence is then no turn and no entry."""
    place = Place()
    await place.ask()
    place.turns.awaits = True
    place.turns.over.set()
    await place.hear(200)
    place.turns.awaits = False
    await place.hear(800, 0.9)
    await place.hear(900)
    assert [call.cause for call, _ in place.turns.calls] == ["wake", "reply"]
    place.turns.awaits = True
    place.turns.over.set()
    await place.hear(6000)
    assert len(place.turns.calls) == 2
    assert place.turns.silences == 0
    await place.end()


async def test_a_press_is_a_call_and_letting_go_ends_it() -> None:
    """Held, the button hears all that is said until it is let go, without waiting any longer."""
    place = Place()
    await place.hear(1000)
    place.attention.press()
    await place.hear(1500, 0.9)
    place.attention.release()
    await place.hear(64)
    ((call, utterance),) = place.turns.calls
    assert call.cause == "press"
    assert len(utterance.samples) / 16 >= 1200
    await place.end()


async def test_stop_on_the_panel_drops_what_is_being_asked() -> None:
    """The button ends listening without a turn, and a reply at once."""
    place = Place()
    await place.call()
    await place.hear(1000, 0.9)
    place.attention.stop()
    await place.hear(1000)
    assert place.turns.calls == []
    await place.ask()
    place.attention.stop()
    assert place.turns.spoken[-1] == "stop"
    await place.end()


async def test_a_stage_that_fails_while_listening_ends_nothing() -> None:
    """Where a question can't be collected that is said, and the next one is heard."""
    place = Place()
    collect = place.segmenter.collect

    async def broken(*_: object) -> Utterance:
        place.segmenter.collect = collect  # type: ignore[method-assign]
        raise Unavailable("the microphone stalled; try again")

    place.segmenter.collect = broken  # type: ignore[method-assign]
    await place.ask()
    assert place.turns.failures == ["the microphone stalled; try again"]
    await place.ask()
    assert len(place.turns.calls) == 1
    await place.end()


async def test_the_room_hears_the_end_of_its_microphone() -> None:
    """Where the stream ends, listening ends, and no reader waits for ever."""
    place = Place()
    await place.ask()
    place.mic.frames.put_nowait(None)
    await place.hear(100)
    place.turns.over.set()
    await asyncio.wait_for(asyncio.gather(*place.tasks), 1)
