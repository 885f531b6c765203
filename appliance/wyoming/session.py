"""One client of the Wyoming server, from its first event to its last.

Law: words reach the wire in one place, which takes a `Cleared` and nothing else.

    asked         audio                            its end
    nothing       voice-started, voice-stopped     nothing more
    transcribe    likewise                         transcript; held: error, and an empty one
    detect        detection                        not-detected, where there was none
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, Field
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.info import Info
from wyoming.ping import Pong
from wyoming.vad import VoiceStarted, VoiceStopped
from wyoming.wake import Detection, NotDetected

from appliance.rules.barge import Begun, Ended, Overheard, Overhearing
from appliance.wyoming.desk import Desk, Refused
from appliance.wyoming.sound import Allowance, Format, Intake
from appliance.wyoming.wire import Wire, checked
from voiceassist.contract.verdict import Cleared
from voiceassist.engines.ports import SAMPLE_RATE, Samples, VoiceActivity, WakeWord
from voiceassist.errors import BadInput, Unavailable, VoiceAssistError

log = logging.getLogger(__name__)

LONGEST_S = 30  # what is transcribed at once
_EVENT_S = 0.002  # what an event costs, counted as audio
_SPEECH = Overhearing(rises=0.5, end_ms=600, talk_ms=1 << 40, lead_ms=0)
_HELD = "what was said may identify a patient, or was not understood; it stays in the room"


@dataclass(frozen=True, slots=True)
class Offer:
    """What every client of a room is offered."""

    desk: Desk
    info: Info
    wake_name: str
    make_wake: Callable[[], WakeWord]
    make_vad: Callable[[], VoiceActivity]
    speaks: bool


class _Names(BaseModel):
    names: list[str] | None = Field(default=None, max_length=64)


class _Text(BaseModel):
    text: str


class Session:
    """Answers one client; `client` is its address."""

    def __init__(self, wire: Wire, offer: Offer, client: str) -> None:
        self._wire = wire
        self._offer = offer
        self._client = client
        self._intake: Intake | None = None
        self._allowance = Allowance(asyncio.get_running_loop().time())
        self._listener: _Listener | None = None
        self._handlers: dict[str, Callable[[Event], Awaitable[None]]] = {
            "describe": self._describe,
            "ping": self._ping,
            "transcribe": self._transcribe,
            "detect": self._detect,
            "audio-start": self._audio_start,
            "audio-chunk": self._audio_chunk,
            "audio-stop": self._audio_stop,
            "synthesize": self._synthesize,
        }

    async def run(self) -> None:
        """Until the client leaves, or does what can't be answered."""
        try:
            while (event := await self._wire.read()) is not None:
                handler = self._handlers.get(event.type)
                if handler is not None:  # the protocol wants others dropped
                    await handler(event)
                await self._pace(_EVENT_S)
        except VoiceAssistError as error:
            await self._farewell(error)
        finally:
            await self._wire.close()

    async def _farewell(self, error: VoiceAssistError) -> None:
        code = error.code if isinstance(error, Refused) else "unavailable"
        code = "bad-input" if isinstance(error, BadInput) else code
        log.warning("a Wyoming client is refused: %s", code, extra={"client": self._client})
        try:
            await self._wire.send(Error(str(error), code))
        except Unavailable:
            log.info("it has gone", extra={"client": self._client})

    async def _pace(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(self._allowance.take(seconds, now))

    async def _describe(self, _event: Event) -> None:
        await self._wire.send(self._offer.info)

    async def _ping(self, event: Event) -> None:
        text = event.data.get("text")
        await self._wire.send(Pong(text if isinstance(text, str) else None))

    async def _transcribe(self, _event: Event) -> None:
        voice = _Voice(await asyncio.to_thread(self._offer.make_vad), self._wire)
        self._listener = _Transcribing(self._wire, self._offer.desk, self._client, voice)

    async def _detect(self, event: Event) -> None:
        asked, name = checked(_Names, event).names, self._offer.wake_name
        if asked and name not in asked:
            raise BadInput(f"this room knows the wake word {name!r} alone; ask for it")
        wake = await asyncio.to_thread(self._offer.make_wake)
        self._listener = _Detecting(self._wire, name, wake)

    async def _audio_start(self, event: Event) -> None:
        self._intake = Intake(checked(Format, event))

    async def _audio_chunk(self, event: Event) -> None:
        given = checked(Format, event)
        if self._intake is None:
            self._intake = Intake(given)
        if self._intake.format != given:
            raise BadInput("the audio's format has changed; send audio-start again")
        if self._listener is None:
            self._listener = _Voice(await asyncio.to_thread(self._offer.make_vad), self._wire)
        samples = self._intake.take(event.payload or b"")
        await self._listener.feed(samples)
        await self._pace(len(samples) / SAMPLE_RATE)

    async def _audio_stop(self, _event: Event) -> None:
        listener, self._listener, self._intake = self._listener, None, None
        if listener is not None:
            await listener.finish()

    async def _synthesize(self, event: Event) -> None:
        if not self._offer.speaks:
            raise Refused("not-allowed", "this room does not speak for others; see docs/it.md")
        desk, place = self._offer.desk, 0
        text = checked(_Text, event).text
        speech = desk.speak(text, self._client)
        rate = desk.sample_rate
        async for made in speech:
            if not place:
                await self._wire.send(AudioStart(rate, 2, 1, timestamp=0))
            for start in range(0, len(made), rate // 2):
                audio = made[start : start + rate // 2].astype("<i2").tobytes()
                await self._wire.send(AudioChunk(rate, 2, 1, audio, place * 1000 // rate))
                place += len(audio) // 2
        if not place:
            await self._wire.send(AudioStart(rate, 2, 1, timestamp=0))
        await self._wire.send(AudioStop(place * 1000 // rate))


class _Listener:
    """Hears a client's audio."""

    async def feed(self, samples: Samples) -> None:
        """Hear the next samples."""

    async def finish(self) -> None:
        """That was all."""


class _Voice(_Listener):
    """Tells when somebody speaks."""

    def __init__(self, engine: VoiceActivity, wire: Wire) -> None:
        self._engine = engine
        self._wire = wire
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._place = 0
        self._over = Overheard(_SPEECH, 0)
        self._speaks = False
        self.heard = False
        """Whether anybody spoke."""

    async def feed(self, samples: Samples) -> None:
        window = self._engine.window
        self._rest = np.concatenate([self._rest, samples])
        while len(self._rest) >= window:
            one, self._rest = self._rest[:window], self._rest[window:]
            told = self._over.feed(self._place, window, self._engine.probability(one))
            self._place += window
            match told:
                case Begun(start):
                    self.heard = True
                    await self._told(VoiceStarted(_ms(start)), speaks=True)
                case Ended(_, end):
                    await self._told(VoiceStopped(_ms(end)), speaks=False)

    async def finish(self) -> None:
        if self._speaks:
            await self._told(VoiceStopped(_ms(self._place)), speaks=False)

    async def _told(self, event: Eventable, *, speaks: bool) -> None:
        self._speaks = speaks
        await self._wire.send(event)


class _Detecting(_Listener):
    """Tells when the wake word was said."""

    def __init__(self, wire: Wire, name: str, wake: WakeWord) -> None:
        self._wire = wire
        self._name = name
        self._wake = wake
        self._detected = False

    async def feed(self, samples: Samples) -> None:
        for hit in self._wake.feed(samples):
            self._detected = True
            await self._wire.send(Detection(self._name, _ms(hit.sample)))

    async def finish(self) -> None:
        if not self._detected:
            await self._wire.send(NotDetected())


class _Transcribing(_Listener):
    """Recognises what was said, once all of it is there."""

    def __init__(self, wire: Wire, desk: Desk, client: str, voice: _Voice) -> None:
        self._wire = wire
        self._desk = desk
        self._client = client
        self._voice = voice
        self._heard: list[Samples] = []
        self._length = 0

    async def feed(self, samples: Samples) -> None:
        self._length += len(samples)
        if self._length > LONGEST_S * SAMPLE_RATE:
            raise Refused("too-long", f"more than {LONGEST_S} s of audio; send less at once")
        self._heard.append(samples)
        await self._voice.feed(samples)

    async def finish(self) -> None:
        await self._voice.finish()
        # the recogniser would invent words where nobody spoke
        heard = self._heard if self._voice.heard else []
        samples = np.concatenate([np.zeros(0, dtype=np.int16), *heard])
        verdict = await self._desk.transcribe(samples, self._client)
        if isinstance(verdict, Cleared):
            await self._send_words(verdict)
            return
        await self._wire.send(Error(_HELD, "held"))
        await self._wire.send(Transcript(""))  # who waits for a transcript need not wait on

    async def _send_words(self, cleared: Cleared) -> None:
        await self._wire.send(Transcript(cleared.text, language="en"))


def _ms(sample: int) -> int:
    return sample * 1000 // SAMPLE_RATE
