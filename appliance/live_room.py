"""A room that listens: its stream, who is listened to, and the turns that come of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from appliance import taking
from appliance.adapters.attention import Attention, Call
from appliance.adapters.hearing import Segmenter
from appliance.adapters.live import Live
from appliance.adapters.speakers import NullSpeaker
from appliance.adapters.turn_speech import TurnSpeech
from appliance.events import Event, Events
from appliance.rules.commands import Command
from appliance.rules.signs import Signs
from appliance.stages import Frames, Interruptible, Link, Stages, Utterance, VoiceStage
from appliance.turn import TurnRecord
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, WakeHit, WakeWord
from voiceassist.errors import Unavailable, VoiceAssistError

Ours = Callable[[WakeHit], Awaitable[bool]]


async def alone(_hit: WakeHit) -> bool:
    """There is no other box: every call is this one's."""
    return True


class LiveRoom:
    """Turns of one live stream until it ends; `link` is asked for at each turn."""

    def __init__(
        self,
        box: Stages,
        segmenter: Segmenter,
        stream: Frames,
        make_wake: Callable[[], WakeWord],
        speaker: Interruptible,
        events: Events,
        link: Callable[[], Link],
        *,
        ours: Ours = alone,
        restart_stream: Callable[[], None] = lambda: None,
    ) -> None:
        self.live = Live(stream, make_wake)
        self._restart_stream = restart_stream
        self._signs = Signs()
        events.watch(self._follow)
        self._speech = TurnSpeech(speaker)
        self._box = replace(box, speaker=self._speech)
        self._events = events
        self._link = link
        self.attention = Attention(
            self.live, segmenter, box.ear, self._speech, self, events, ours=ours
        )

    async def run(self) -> None:
        """Listen and answer; raises `Unavailable` once the stream has ended."""
        listening = asyncio.create_task(self.live.run())
        attending = asyncio.create_task(self.attention.run())
        try:
            await asyncio.wait({listening, attending}, return_when=asyncio.FIRST_COMPLETED)
            for task in (listening, attending):
                if task.done():
                    task.result()
        finally:
            for task in (listening, attending):
                task.cancel()
            await asyncio.gather(listening, attending, return_exceptions=True)
        raise Unavailable("the microphone has stopped; check that it is plugged in")

    @property
    def idle(self) -> bool:
        """Whether no turn goes on."""
        return self._signs.idle

    def vitals(self, *, test: bool) -> tuple[int, int, bool | None]:
        """Samples heard, samples scored, and whether the test clip was; nobody waits for that."""
        # a turn that failed is shown until the next call, which a deaf room would never hear
        hears = self.live.hears() if test and self.idle else None
        return self.live.place, self.live.scored, hears

    def restart_wake(self) -> None:
        """A new wake word model in the old one's place."""
        self.live.restart_wake()

    def restart_stream(self) -> None:
        """The microphone anew."""
        self._restart_stream()

    def _follow(self, event: Event) -> None:
        self._signs = self._signs.after(event)

    async def beep(self, samples: Samples) -> None:
        """A tone, where nobody speaks."""
        await self._speech.beep(samples, self._box.voice.sample_rate)

    async def say(self, phrase: str) -> None:
        """Say one of the room's own phrases, between two turns."""
        await taking.say(self._box, phrase)

    async def take(self, call: Call, utterance: Utterance) -> TurnRecord | None:
        """One turn to its end; None where it failed."""
        given = _Given(call, utterance)
        box = replace(self._box, wake=given, segmenter=given)
        if call.transcript is not None:
            box = replace(box, ear=given)
        if call.quiet:
            box = replace(box, speaker=NullSpeaker(box.clock), voice=_Wordless(box.voice))
        else:
            self._speech.begin()
        frames, tell = self.live.reader(), self._events.tell
        return await taking.take(box, frames, self._link(), tell, call.turn_id)

    async def nothing_said(self, call: Call) -> None:
        """Somebody called, and said nothing."""
        await taking.nothing_said(self._box, call.turn_id, self._events.tell)

    async def failed(self, call: Call, error: VoiceAssistError) -> None:
        """Somebody called, and could not be heard."""
        self._speech.begin()
        await taking.fail(self._box, call.turn_id, error, self._events.tell)


@dataclass(frozen=True, slots=True)
class _Given:
    """The stages of a turn that was called and heard before it began."""

    call: Call
    utterance: Utterance

    async def wait(self, frames: Frames) -> WakeHit | None:
        del frames
        return self.call.hit

    async def collect(self, frames: Frames, wake: WakeHit) -> Utterance:
        del frames, wake
        return self.utterance

    async def transcribe(self, utterance: Utterance) -> Transcript:
        del utterance
        assert self.call.transcript is not None  # noqa: S101 - the stage is taken only then
        return self.call.transcript


class _Wordless:
    """A voice that is adjusted and says nothing: a reply goes on behind it."""

    def __init__(self, voice: VoiceStage) -> None:
        self._voice = voice
        self.sample_rate = voice.sample_rate

    async def speak(self, sentences: AsyncIterator[Sentence]) -> AsyncGenerator[Samples, None]:
        async for _sentence in sentences:
            pass
        return
        yield

    def adjust(self, command: Command) -> None:
        self._voice.adjust(command)

    def sentences_in(self, samples: int) -> int:
        del samples
        return 0
