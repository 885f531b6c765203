"""What `voiceassist appliance ask` does: recordings or words, one turn each, in one room."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from appliance.adapters.recording import AtOnce, RealTime, Recording, read_recording
from appliance.adapters.speakers import NullSpeaker, WavSpeaker
from appliance.rules.laps import Laps
from appliance.stages import SpeakerStage, Stages
from appliance.turn import TurnRecord, run_turn, take_turn
from appliance.wiring import Room, clock, with_speaker
from voiceassist.contract.speech import Transcript
from voiceassist.errors import VoiceAssistError


@dataclass(frozen=True, slots=True)
class Alone:
    """The link of a room that asks nobody."""

    up: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one recording or question: a turn, or why there is none."""

    name: str
    turn: TurnRecord | None = None
    error: VoiceAssistError | None = None


async def ask_recordings(
    room: Room, files: Sequence[Path], out: Path | None, *, real_time: bool
) -> AsyncIterator[Asked]:
    """A turn for each recording."""
    for path in files:
        box = with_speaker(room, _speaker(out, path.stem))
        try:
            yield Asked(str(path), await _hear(room, box, path, real_time=real_time))
        except VoiceAssistError as error:
            yield Asked(str(path), error=error)


async def ask_words(room: Room, questions: Sequence[str], out: Path | None) -> AsyncIterator[Asked]:
    """A turn for each question, as though it had been heard without doubt."""
    for number, words in enumerate(questions, start=1):
        name = f"question-{number:02}"
        box = with_speaker(room, _speaker(out, name))
        transcript = Transcript(" ".join(words.split()), confidence=1.0)
        try:
            turn = await take_turn(box, transcript, Alone(), uuid.uuid4().hex, Laps(clock))
            yield Asked(name, turn)
        except VoiceAssistError as error:
            yield Asked(name, error=error)


async def _hear(room: Room, box: Stages, path: Path, *, real_time: bool) -> TurnRecord:
    samples = read_recording(path)
    pacer = RealTime(clock) if real_time else AtOnce(clock)
    async with aclosing(room.stream(Recording(samples, pacer))) as frames:
        return await run_turn(box, frames, Alone(), uuid.uuid4().hex)


def _speaker(out: Path | None, name: str) -> SpeakerStage:
    return WavSpeaker(clock, out / f"{name}.wav") if out else NullSpeaker(clock)
