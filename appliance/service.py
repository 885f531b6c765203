"""`voiceassist appliance run`: turns for ever, and beside them what the hub is told.

Law 4: nothing of the hub can keep the room from answering. What is away is a line in its health,
and a change of it is spoken where a microphone listens.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from appliance.adapters.barge_in import BargeIn
from appliance.adapters.microphone import Microphone
from appliance.adapters.recording import RealTime, Recording, read_recording
from appliance.adapters.speakers import DeviceSpeaker, NullSpeaker, WavSpeaker
from appliance.adapters.spool import Spool
from appliance.beside import Beside
from appliance.logs import configure
from appliance.rules import phrases
from appliance.settings import ApplianceSettings
from appliance.stages import Frames, Played, SpeakerStage, Stages
from appliance.sync.link import LinkState
from appliance.turn import TurnRecord, run_turn
from appliance.wiring import Room, build_room, clock, with_speaker
from voiceassist.contract.knowledge import Sentence
from voiceassist.engines.ports import Samples
from voiceassist.engines.profile import load_profile
from voiceassist.errors import BadInput, Unavailable, VoiceAssistError

log = logging.getLogger(__name__)

_STEADY_S = 3.0  # a link that changes more often is not worth a word


def serve(settings: ApplianceSettings, feed: Path | None) -> None:
    """Be the room until SIGTERM or Ctrl-C; raises `VoiceAssistError` where it can't begin."""
    configure(settings.log_level)
    signal.signal(signal.SIGTERM, _leave)  # until the turns begin, which end in their own way
    spool = Spool(feed) if feed else None
    speaker: SpeakerStage = NullSpeaker(clock)
    if spool is None:
        device = settings.audio.output or load_profile(settings.profile).audio.output
        speaker = DeviceSpeaker(clock, device)
    room = build_room(settings, speaker, lambda what: log.info("%s", what))
    # what is loaded for good is not gone through for garbage: that stops every thread at once,
    # and a new edition brings enough objects to set it off in the middle of a question
    gc.collect()
    gc.freeze()
    try:
        asyncio.run(_until_told(room, spool))
    finally:
        room.close()
    log.info("stopped")


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)


async def _until_told(room: Room, spool: Spool | None) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(Service(room).run(spool))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait({task})
    if room.generator is not None:
        room.generator.stop()
    if not task.cancelled():
        task.result()


class Service:
    """One room's turns."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._speaking = asyncio.Lock()
        self._beside = Beside(room, self._on_link)

    async def run(self, spool: Spool | None) -> None:
        """Take turns until cancelled."""
        await asyncio.to_thread(self._beside.start)
        log.info("ready", extra={"edition": self._room.shelf.version, "panel": self._beside.port})
        try:
            if spool is not None:
                await self._hear_spool(spool)
            else:
                await self._hear_room()
        finally:
            await asyncio.to_thread(self._beside.stop)

    async def _hear_spool(self, spool: Spool) -> None:
        async for path in spool.recordings():
            box = with_speaker(self._room, WavSpeaker(clock, spool.spoken(path)))
            try:
                samples = await asyncio.to_thread(read_recording, path)
            except BadInput as error:
                log.warning("%s", error)
                spool.finish(path, {"file": path.name, "error": str(error)})
                continue
            async with aclosing(self._room.stream(Recording(samples, RealTime(clock)))) as frames:
                record = await self._turn(box, frames)
            told = record.to_json() if record else {"error": phrases.FAILED}
            spool.finish(path, {"file": path.name, **told})

    async def _hear_room(self) -> None:
        settings, profile = self._room.settings.audio, self._room.engines.profile.audio
        microphone = Microphone(settings.input or profile.input, clock)
        async with aclosing(self._room.stream(microphone)) as frames:
            speaker = _OneAtATime(self._room.box.speaker, self._speaking)
            attentive = BargeIn(frames, self._room.box.wake, speaker)
            box = replace(self._room.box, wake=attentive, speaker=attentive)
            announcing = asyncio.create_task(self._announce(replace(box, speaker=speaker)))
            try:
                while (turn := await self._turn(box, frames)) is None or turn.woke:
                    pass
                raise Unavailable("the microphone has stopped; check that it is plugged in")
            finally:
                announcing.cancel()

    async def _turn(self, box: Stages, frames: Frames) -> TurnRecord | None:
        """One turn; where it fails the room says so, records it, and goes on."""
        turn_id = uuid.uuid4().hex
        try:
            try:
                record = await run_turn(box, frames, self._beside.link, turn_id)
            except VoiceAssistError:
                raise
            except Exception as error:  # whatever fails, the turn has its entry (law 3)
                raise _unforeseen(error) from error
        except VoiceAssistError as error:
            log.error("the turn failed: %s", error, extra={"turn": turn_id})  # noqa: TRY400 - one line
            self._beside.turn_failed(error)
            await self._fail(box, turn_id, error)
            return None
        self._beside.turn_over(record)
        log.info("turn", extra={"turn": turn_id, **record.journal_detail()})
        return record

    async def _fail(self, box: Stages, turn_id: str, error: VoiceAssistError) -> None:
        try:
            await box.journal.append(
                action="turn.failed", outcome=error.code, turn_id=turn_id, detail={}
            )
            await _say(box, phrases.FAILED)
        except VoiceAssistError as again:
            log.error("nor could that be said: %s", again, extra={"turn": turn_id})  # noqa: TRY400 - one line

    def _on_link(self, _link: LinkState) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    async def _announce(self, box: Stages) -> None:
        told = True
        while True:
            await self._changed.wait()
            await asyncio.sleep(_STEADY_S)
            self._changed.clear()
            if self._beside.link.up != told:
                told = not told
                await _say(box, phrases.TOGETHER if told else phrases.ALONE)


def _unforeseen(error: Exception) -> VoiceAssistError:
    # the type alone: a runtime's message may repeat what was said
    return VoiceAssistError(f"a stage failed ({type(error).__name__}); start the room again")


async def _say(box: Stages, phrase: str) -> None:
    async def sentences() -> AsyncIterator[Sentence]:
        yield Sentence(text=phrase, kind="notice")

    async with aclosing(box.voice.speak(sentences())) as speech:
        await box.speaker.play(speech, box.voice.sample_rate)


class _OneAtATime:
    """A speaker that turns and announcements share."""

    def __init__(self, speaker: SpeakerStage, speaking: asyncio.Lock) -> None:
        self._speaker = speaker
        self._speaking = speaking

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        async with self._speaking:
            return await self._speaker.play(speech, sample_rate)
