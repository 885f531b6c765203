"""What is said to a room in a benchmark: recorded turns, parts of them, and made speech."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from appliance.adapters.recording import read_recording
from appliance.adapters.resample import Resampler
from appliance.bench.acoustics import pcm, trimmed
from appliance.bench.measure import QUESTIONS, Row
from voiceassist.engines.ports import SAMPLE_RATE, Samples, TextToSpeech
from voiceassist.errors import WrongUse

_AFTER_S = 1.5


@dataclass(frozen=True, slots=True)
class Clip:
    """Samples at 16 kHz, where in them speech begins and ends (seconds), and the words."""

    samples: Samples = field(repr=False)
    begins_s: float
    ends_s: float
    text: str = field(repr=False)


def recorded(folder: Path, row: Row) -> Clip:
    """A recorded turn, from the wake word on."""
    return Clip(read_recording(folder / row.file), 0.0, row.speech_end_s, row.text)


def made(text: str, voice: TextToSpeech) -> Clip:
    """`text` as the board's voice says it."""
    resampler = Resampler(voice.sample_rate, SAMPLE_RATE)
    silence: Samples = np.zeros(voice.sample_rate // 10, dtype=np.int16)
    parts = [resampler.push(chunk) for chunk in (*voice.synthesize(text), silence)]
    speech = pcm(trimmed(np.concatenate(parts) / 32768))
    return Clip(speech, 0.0, len(speech) / SAMPLE_RATE, text)


def behind_call(folder: Path, row: Row) -> Clip:
    """What is said in a recorded turn behind the wake word."""
    samples = read_recording(folder / row.file)
    begins, ends = (
        round(second * SAMPLE_RATE) for second in (row.wake_end_s + row.gap_s, row.speech_end_s)
    )
    if not 0 <= begins < ends <= len(samples):
        raise WrongUse(f"{folder / row.file}: its manifest names no speech in it; correct it")
    return Clip(samples[begins:ends], 0.0, (ends - begins) / SAMPLE_RATE, row.text)


def without_gap(folder: Path, rows: Sequence[Row]) -> Iterator[Clip]:
    """Each call of a voice with each question of the same voice directly behind it."""
    questions = [row for row in rows if row.kind in QUESTIONS]
    for caller in questions:
        call = read_recording(folder / caller.file)[: round(caller.wake_end_s * SAMPLE_RATE)]
        for row in questions:
            if row.voice == caller.voice:
                yield _joined(call, behind_call(folder, row))


def _joined(call: Samples, asked: Clip) -> Clip:
    after: Samples = np.zeros(round(_AFTER_S * SAMPLE_RATE), dtype=np.int16)
    ends_s = (len(call) + len(asked.samples)) / SAMPLE_RATE
    return Clip(np.concatenate([call, asked.samples, after]), 0.0, ends_s, asked.text)
