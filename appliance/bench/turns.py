"""Takes the recordings of a folder through a room, as fast as they were spoken."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from appliance.adapters.hearing import Pressed
from appliance.adapters.recording import RealTime, Recording, read_recording
from appliance.adapters.speakers import NullSpeaker
from appliance.asking import Alone
from appliance.bench.measure import Result, Row
from appliance.stages import Played, Stages
from appliance.turn import TurnRecord, run_turn
from appliance.wiring import Room, clock
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import WrongUse

_NAMES = ("file", "text", "phi", "kind", "wake_end_s", "speech_end_s", "snr_db", "voice", "gap_s")


def read_rows(folder: Path) -> list[Row]:
    """The folder's `manifest.jsonl`; raises `WrongUse` naming what is wrong with it."""
    path = folder / "manifest.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        return [Row(**{name: row[name] for name in _NAMES if name in row}) for row in rows]
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}; name a folder of recorded turns") from error
    except (ValueError, TypeError) as error:
        raise WrongUse(f"{path}: not a manifest of turns ({error}); correct it") from error


async def take_turns(room: Room, folder: Path, rows: list[Row]) -> AsyncIterator[Result]:
    """A result for each row. A missed wake word counts, and the turn begins by a button."""
    for row in rows:
        samples = read_recording(folder / row.file)
        record, first = await _turn(room.box, room, samples, row)
        woke = record.woke
        if not woke:
            button = Pressed(round(row.wake_end_s * SAMPLE_RATE))
            record, first = await _turn(replace(room.box, wake=button), room, samples, row)
        yield Result(row, woke, record, first)


async def _turn(
    box: Stages, room: Room, samples: Samples, row: Row
) -> tuple[TurnRecord, float | None]:
    speaker = _Remembering(clock)
    source = Recording(samples, RealTime(clock))
    async with aclosing(room.stream(source)) as frames:
        record = await run_turn(replace(box, speaker=speaker), frames, Alone(), uuid.uuid4().hex)
    if speaker.first_at is None:
        return record, None
    return record, (speaker.first_at - source.moment(round(row.speech_end_s * SAMPLE_RATE))) * 1000


class _Remembering(NullSpeaker):
    """Remembers when the first sound came."""

    first_at: float | None = None

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        played = await super().play(speech, sample_rate)
        self.first_at = played.first_at
        return played
