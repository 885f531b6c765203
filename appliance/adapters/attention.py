"""What begins a turn in a live room, and what interrupts one.

Law: there is one turn at a time, and whoever speaks over it is heard: the reply pauses at once,
and what was said decides. What is said over a reply is recognised in the room and then dropped.

    heard over a turn                          the turn      then
    wake word or press, and words behind it    is stopped    the next turn
    speech close behind the question's end     is stopped    the same question, heard to its end
    "stop", "repeat", "which source" …         is stopped    that command, as a turn
    "louder", "slower" …                       goes on       that command, without a word
    other talk, a call that another answers    is stopped
    noise, filler, the room's echo, nothing    goes on
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from appliance.adapters.early import Early
from appliance.adapters.hearing import Segmenter, cut
from appliance.adapters.live import Live
from appliance.events import Cause, Event, Events, Left, Speaking, Woke
from appliance.rules.barge import (
    Begun,
    Ended,
    Outcome,
    Overheard,
    Overhearing,
    Talk,
    outcome,
)
from appliance.rules.segment import samples_in
from appliance.stages import EarStage, Frame, Frames, Utterance
from appliance.taking import new_id
from appliance.turn import TurnRecord
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import SAMPLE_RATE, WakeHit
from voiceassist.errors import VoiceAssistError

_GOES_ON_MS = 900  # speech that begins so soon behind a question's end belongs to it
_SAID_LATELY = 3  # sentences in which the room may hear itself
_HELD_MS = 500  # a button held so long ends the question when it is let go


@dataclass(frozen=True, slots=True)
class Call:
    """What begins a turn: where, why, and what was said where that is known already.

    A `quiet` one is obeyed without a word, since a reply goes on behind it.
    """

    hit: WakeHit
    turn_id: str
    cause: Cause = "wake"
    utterance: Utterance | None = field(default=None, repr=False)
    transcript: Transcript | None = field(default=None, repr=False)
    quiet: bool = False


class Turns(Protocol):
    """Who takes the turns; none of these raises what a stage raises."""

    async def take(self, call: Call, utterance: Utterance) -> TurnRecord | None:
        """One turn to its end; None where it failed."""

    async def nothing_said(self, call: Call) -> None:
        """Somebody called, and said nothing."""

    async def failed(self, call: Call, error: VoiceAssistError) -> None:
        """Somebody called, and could not be heard."""


class Speech(Protocol):
    """The speech of the turn that runs, be it begun or not."""

    def pause(self) -> None:
        """Be silent at once."""

    def resume(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """Say no more of it."""


class Attention:
    """Who is listened to. `ours` decides whether this box answers a wake word, or another does.

    All of it runs on one event loop.
    """

    def __init__(
        self,
        live: Live,
        segmenter: Segmenter,
        ear: EarStage,
        speech: Speech,
        turns: Turns,
        events: Events,
        *,
        ours: Callable[[WakeHit], Awaitable[bool]],
        rules: Overhearing | None = None,
    ) -> None:
        self._live = live
        self._segmenter = segmenter
        self._ear = ear
        self._speech = speech
        self._turns = turns
        self._events = events
        events.watch(self._keep)
        self._ours = ours
        self._rules = rules or Overhearing()
        self._pressed: int | None = None
        self._began = 0  # where the question that is collected began
        self._enough = asyncio.Event()  # it is not listened to any further
        self._dropped = False
        self._claimed: asyncio.Future[bool] | None = None  # by the latest call
        self._lately: deque[str] = deque(maxlen=_SAID_LATELY)

    def press(self) -> None:
        """A button in the wake word's place."""
        self._pressed = self._live.place

    def release(self) -> None:
        """It was let go."""
        if self._live.place - self._began >= samples_in(_HELD_MS):
            self._enough.set()

    def stop(self) -> None:
        """Say no more, listen no further, and wait for the next call."""
        self._dropped = True
        self._enough.set()
        self._speech.stop()

    async def answers(self) -> bool:
        """Whether this box answers the latest call, once that is settled."""
        return self._claimed is None or await asyncio.shield(self._claimed)

    async def run(self) -> None:
        """Take turns until the microphone's stream ends."""
        behind: Call | None = None
        while (call := behind or await self._called()) is not None:
            try:
                behind = await self._follow(call)
            except VoiceAssistError as error:
                await self._turns.failed(call, error)
                behind = None

    async def _called(self) -> Call | None:
        """The wake word or a press, whichever comes; None once the stream has ended."""
        reader = self._live.reader()
        while (call := self._take_call()) is None:
            if await reader.read() is None:
                return None
        return call

    def _take_call(self) -> Call | None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None:
            return self._call(WakeHit(pressed, 1.0), "press")
        hit = self._live.take_hit()
        return self._call(hit, "wake") if hit else None

    def _call(self, hit: WakeHit, cause: Cause) -> Call:
        call = Call(hit, new_id(), cause)
        self._events.tell(Woke(call.turn_id, hit.sample, hit.score, cause))
        return call

    def _keep(self, event: Event) -> None:
        """What the room says, to know its echo."""
        if isinstance(event, Speaking):
            self._lately.append(event.sentence.text)

    async def _follow(self, call: Call) -> Call | None:
        """One turn to its end; what comes directly behind it."""
        utterance = call.utterance or await self._collect(call)
        if utterance is None:
            return None
        if not len(utterance.samples):
            if call.cause == "reply":
                self._events.tell(Left(call.turn_id, "silent"))
            else:
                await self._turns.nothing_said(call)
            return None
        turn = asyncio.create_task(self._turns.take(call, utterance))
        listening = asyncio.create_task(self._overhear(call, utterance))
        try:
            await asyncio.wait({turn, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                self._speech.stop()
                await turn
                return listening.result()
            record = turn.result()
        finally:
            for task in (turn, listening):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        awaited = record is not None and record.awaits_reply
        return self._call(WakeHit(self._live.place, 1.0), "reply") if awaited else None

    async def _collect(self, call: Call) -> Utterance | None:
        """What is said behind a call; None where another box answers, or it was dropped."""
        ours = self._claimed = asyncio.ensure_future(self._claim(call))
        self._began = call.hit.sample
        self._dropped = False
        self._enough.clear()
        ours.add_done_callback(self._leave)
        back = self._segmenter.look_back if call.cause == "wake" else 0
        frames = _Until(self._live.reader(max(0, call.hit.sample - back)), self._enough)
        try:
            utterance = await self._segmenter.collect(frames, call.hit)
            if await ours and not self._dropped:
                return utterance
        finally:
            ours.cancel()
        self._events.tell(Left(call.turn_id, "dropped" if self._dropped else "elsewhere"))
        return None

    def _leave(self, ours: asyncio.Future[bool]) -> None:
        """Listen no further to what another box answers."""
        if ours is self._claimed and not (ours.cancelled() or ours.exception() or ours.result()):
            self._enough.set()

    async def _claim(self, call: Call) -> bool:
        return call.cause != "wake" or await self._ours(call.hit)

    async def _overhear(self, call: Call, question: Utterance) -> Call | None:
        """Listen while a turn goes on; returns what ends it, None where it is only to end."""
        early = Early(self._hear)
        try:
            return await self._overheard(call, question, early)
        finally:
            early.drop()

    async def _overheard(
        self, call: Call, question: Utterance, early: Early[tuple[Call, Outcome]]
    ) -> Call | None:
        reader = self._live.reader(question.speech_end)
        over = Overheard(self._rules, question.speech_end)
        while (frame := await reader.read()) is not None:
            if (said := early.done(over.last)) is not None and said[1] is Outcome.OBEY:
                return said[0]  # a command need not wait for more silence
            if (other := self._take_call()) is not None:
                called = await self._called_over(other)
                if called.ends:
                    return called.call
                reader = self._live.reader()
                over = Overheard(self._rules, self._live.place)
                continue
            event = over.feed(frame.start, len(frame.samples), frame.speech)
            early.follow(event)
            match event:
                case Begun(start):
                    self._speech.pause()
                    gap_ms = (start - question.speech_end) * 1000 // SAMPLE_RATE
                    if gap_ms <= _GOES_ON_MS and call.transcript is None:
                        return await self._heard_on(call, gap_ms)
                case Ended(start, end):
                    decided = await self._decide(await early.heard(start, end))
                    if decided.ends:
                        return decided.call
                    self._speech.resume()
                case Talk():
                    return None
        await asyncio.Event().wait()  # the stream has ended; the turn may come to its own end
        return None

    async def _called_over(self, call: Call) -> _Decided:
        """What a call makes of the turn: it goes on only where nothing was said behind the call.

        Where another box answers the call, this one does not speak over it.
        """
        self._speech.pause()
        utterance = await self._collect(call)
        if utterance is None:
            return _Decided(ends=True)
        if len(utterance.samples):
            return _Decided(ends=True, call=replace(call, utterance=utterance))
        self._events.tell(Left(call.turn_id, "silent"))
        self._speech.resume()
        return _Decided(ends=False)

    async def _heard_on(self, call: Call, gap_ms: int) -> Call:
        """The question was taken for complete too soon: hear it again, and what follows."""
        self._segmenter.cut_off(gap_ms)
        again = replace(call, turn_id=new_id())
        self._events.tell(Woke(again.turn_id, call.hit.sample, call.hit.score, call.cause))
        return replace(again, utterance=await self._collect(replace(again, cause="reply")))

    async def _hear(self, start: int, end: int) -> tuple[Call, Outcome]:
        """What was said over the reply, as a call of its own, and what becomes of the reply."""
        utterance = cut(self._live.since(start), start, end, self._live.moment(end))
        heard = await self._ear.transcribe(utterance)
        said = Call(WakeHit(start, 1.0), new_id(), "reply", utterance, heard)
        return said, outcome(heard, " ".join(self._lately))

    async def _decide(self, heard: tuple[Call, Outcome]) -> _Decided:
        said, becomes = heard
        match becomes:
            case Outcome.OBEY:
                return _Decided(ends=True, call=said)
            case Outcome.ADJUST:
                assert said.utterance is not None  # noqa: S101 - `_hear` gives it one
                await self._turns.take(replace(said, quiet=True), said.utterance)
                return _Decided(ends=False)
            case Outcome.END:
                return _Decided(ends=True)
            case Outcome.RESUME:
                return _Decided(ends=False)


@dataclass(frozen=True, slots=True)
class _Decided:
    """Whether what was overheard ends the turn, and the call that comes of it."""

    ends: bool
    call: Call | None = None


class _Until:
    """Frames that end once it is enough."""

    def __init__(self, frames: Frames, enough: asyncio.Event) -> None:
        self._frames = frames
        self._enough = enough

    async def read(self) -> Frame | None:
        return None if self._enough.is_set() else await self._frames.read()

    def since(self, sample: int) -> Sequence[Frame]:
        return self._frames.since(sample)

    def moment(self, sample: int) -> float:
        return self._frames.moment(sample)
