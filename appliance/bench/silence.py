"""What a room hears where nobody speaks: an hour of noises, and its own speech in the air.

Faster than real time: samples go through echo cancellation, voice activity and wake word as they
come from a microphone, and what would be taken for speech is recognised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from appliance.adapters.hearing import Ear
from appliance.adapters.resample import Resampler
from appliance.adapters.sound.echo import Echo
from appliance.bench.acoustics import ROOM_DB, Wave, level, noise, pcm
from appliance.rules.barge import (
    Begun,
    Ended,
    Outcome,
    Overheard,
    Overhearing,
    Paused,
    Talk,
    outcome,
)
from appliance.stages import Utterance
from voiceassist.engines.ports import SAMPLE_RATE, Samples, TextToSpeech, VoiceActivity, WakeWord

PIECE_S = 30
_BLOCK = SAMPLE_RATE // 50
_AHEAD = 5 * _BLOCK
_ECHO_DB = -14.0  # how much softer the speaker is at the microphone than someone who speaks
_DELAY_S = 0.012
_REVERB_S = 0.15
_PAUSE_S = 0.6
_WARM_S = 10.0  # a canceller learns the room from the first words


def noises(seed: int) -> Iterator[tuple[str, Wave]]:
    """Pieces of 30 s without end: a quiet room, an office, hum, beeps, knocks, gusts."""
    kinds = (_quiet, _office, _loud_office, _hum, _beeps, _knocks, _gusts)
    number = seed
    while True:
        for kind in kinds:
            number += 1
            yield kind.__name__.strip("_"), kind(number)


def listen(
    minutes: float, seed: int, vad: VoiceActivity, make_wake: Callable[[], WakeWord], ear: Ear
) -> dict[str, Any]:
    """Calls and transcripts in so many minutes of `noises`."""
    pieces, calls, taken, words = noises(seed), 0, 0, list[str]()
    wake = make_wake()
    for _ in range(round(minutes * 60 / PIECE_S)):
        name, wave = next(pieces)
        sound = pcm(wave)
        for at in range(0, len(sound) - _BLOCK + 1, _BLOCK):
            calls += len(wake.feed(sound[at : at + _BLOCK]))
        for start, end in _speech(sound, vad):
            taken += 1
            heard = asyncio.run(ear.transcribe(_cut(sound, start, end)))
            if outcome(heard, "") is not Outcome.RESUME:
                words.append(name)
    return {
        "minutes": minutes,
        "calls": calls,
        "taken_for_speech": taken,
        "transcripts": len(words),
        "transcripts_by_noise": {name: words.count(name) for name in sorted(set(words))},
    }


def overhear(
    sentences: Sequence[str], minutes: float, voice: TextToSpeech, echo: Echo,
    vad: VoiceActivity, ear: Ear, seed: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Replies that the room would pause or end because it hears itself say them."""
    played, saying = _own_speech(sentences, minutes, voice)
    air = _echo_of(played, seed)
    cleaned = _cancelled(played, air, echo)
    pauses, ends = 0, 0
    for start, end in _speech(cleaned, vad):
        if start < _WARM_S * SAMPLE_RATE:
            continue
        pauses += 1
        heard = asyncio.run(ear.transcribe(_cut(cleaned, start, end)))
        lately = " ".join(text for at, text in saying if at <= end)[-2000:]
        ends += outcome(heard, lately) is not Outcome.RESUME
    hours = (len(cleaned) / SAMPLE_RATE - _WARM_S) / 3600
    return {
        "minutes_of_own_speech": round(hours * 60, 1),
        "echo_before_db": round(_decibels(air), 1),
        "echo_after_db": round(_decibels(cleaned), 1),
        "pauses_an_hour": round(pauses / hours, 1),
        "false_barge_ins": ends,
        "false_barge_ins_an_hour": round(ends / hours, 1),
    }


def _speech(sound: Samples, vad: VoiceActivity) -> Iterator[tuple[int, int]]:
    """Where the room would take something for speech over a reply."""
    vad.reset()
    rules = Overhearing()
    follows = Overheard(rules, 0)
    for at in range(0, len(sound) - vad.window + 1, vad.window):
        match follows.feed(at, vad.window, vad.probability(sound[at : at + vad.window])):
            case Ended(start, end):
                yield start, end
            case Talk(start):
                yield start, at + vad.window
                follows = Overheard(rules, at + vad.window)
            case Begun() | Paused() | None:
                pass


def _cut(sound: Samples, start: int, end: int) -> Utterance:
    return Utterance(sound[start:end], start, end, end / SAMPLE_RATE)


def _own_speech(
    sentences: Sequence[str], minutes: float, voice: TextToSpeech
) -> tuple[Wave, list[tuple[int, str]]]:
    """What the speaker plays at 16 kHz, and which sentence begins where."""
    resampler = Resampler(voice.sample_rate, SAMPLE_RATE)
    pause = np.zeros(round(_PAUSE_S * voice.sample_rate), dtype=np.int16)
    parts, saying, place, number = list[Samples](), list[tuple[int, str]](), 0, 0
    while place < minutes * 60 * SAMPLE_RATE:
        text = sentences[number % len(sentences)]
        number += 1
        saying.append((place, text))
        for chunk in (*voice.synthesize(text), pause):
            parts.append(resampler.push(chunk))
            place += len(parts[-1])
    return np.concatenate(parts).astype(np.float64) / 32768, saying


def _echo_of(played: Wave, seed: int) -> Wave:
    """It in the room, as the microphone hears it: delayed, reverberant, softer, in quiet noise."""
    chance = np.random.default_rng(seed)
    tail = chance.standard_normal(round(_REVERB_S * SAMPLE_RATE))
    tail *= np.exp(-np.arange(len(tail)) / (0.03 * SAMPLE_RATE)) * 0.15
    response = np.concatenate([np.zeros(round(_DELAY_S * SAMPLE_RATE)), [1.0], tail])
    size = len(played) + len(response)
    spectrum = np.fft.rfft(played, size) * np.fft.rfft(response, size)
    air = np.fft.irfft(spectrum, size)[: len(played)] * level(_ECHO_DB)
    return np.asarray(air + noise(len(air), ROOM_DB, seed))


def _cancelled(played: Wave, air: Wave, echo: Echo) -> Samples:
    out, sent, heard = list[Samples](), pcm(played), pcm(air)
    for at in range(-_AHEAD, len(heard) - _BLOCK + 1, _BLOCK):
        # a speaker is given what it will play before the microphone hears it
        block = sent[at + _AHEAD : at + _AHEAD + _BLOCK]
        echo.played(block, SAMPLE_RATE, (at + _AHEAD) / SAMPLE_RATE)
        if at >= 0:
            out.append(echo.captured(heard[at : at + _BLOCK], at / SAMPLE_RATE))
    return np.concatenate(out)


def _decibels(wave: Wave | Samples) -> float:
    values = wave.astype(np.float64) / (32768 if wave.dtype == np.int16 else 1)
    return float(10 * np.log10(max(float(np.mean(values**2)), 1e-12)))


def _length() -> int:
    return PIECE_S * SAMPLE_RATE


def _quiet(seed: int) -> Wave:
    return noise(_length(), ROOM_DB, seed)


def _office(seed: int) -> Wave:
    return noise(_length(), -50.0, seed)


def _loud_office(seed: int) -> Wave:
    return noise(_length(), -33.0, seed)


def _hum(seed: int) -> Wave:
    at = np.arange(_length()) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * 50 * k * at) / k for k in (1, 2, 3, 5))
    return np.asarray(tones * level(-40.0) + _quiet(seed))


def _beeps(seed: int) -> Wave:
    """A monitor: short tones, about one a second."""
    wave, chance = _quiet(seed), np.random.default_rng(seed)
    for start in range(0, _length() - SAMPLE_RATE, SAMPLE_RATE):
        length = round(chance.uniform(0.08, 0.2) * SAMPLE_RATE)
        at = np.arange(length) / SAMPLE_RATE
        wave[start : start + length] += np.sin(2 * np.pi * chance.uniform(700, 1500) * at) * 0.08
    return wave


def _knocks(seed: int) -> Wave:
    """Doors, keys, things put down: clicks that ring."""
    wave, chance = _office(seed), np.random.default_rng(seed)
    for start in chance.integers(0, _length() - SAMPLE_RATE, 60):
        at = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
        ring = chance.standard_normal(len(at)) * np.exp(-at / chance.uniform(0.005, 0.04))
        wave[start : start + len(at)] += ring * chance.uniform(0.05, 0.3)
    return wave


def _gusts(seed: int) -> Wave:
    """Noise that swells as speech does, three times a second."""
    at = np.arange(_length()) / SAMPLE_RATE
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * at + seed)
    return np.asarray(noise(_length(), -30.0, seed) * swell)
