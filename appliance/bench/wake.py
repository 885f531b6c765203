"""The wake word's figures: calls that are missed, and speech and noise that is taken for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from appliance.adapters.recording import read_recording
from appliance.bench.acoustics import ROOM_DB, level, noise, pcm
from voiceassist.engines.ports import SAMPLE_RATE, Samples, WakeWord
from voiceassist.errors import BadInput

MakeWake: TypeAlias = Callable[[], WakeWord]
_FRAME = 512
_BEFORE_S, _AFTER_S = 1.5, 1.0
_CALL_DB = -26.0
_SOUNDS = frozenset({".wav", ".flac"})


def clips(path: Path) -> Iterator[tuple[str, Samples]]:
    """Names and sounds: of a folder's recordings, an .npz of clips, or an .npy of one long one."""
    if path.is_dir():
        for one in sorted(path.rglob("*")):
            if one.suffix in _SOUNDS:
                yield one.name, read_recording(one)
    elif path.suffix == ".npz":
        with np.load(path) as kept:
            yield from ((name, kept[name]) for name in kept.files)
    elif path.suffix == ".npy":
        yield path.name, np.load(path, mmap_mode="r")
    elif path.suffix in _SOUNDS:
        yield path.name, read_recording(path)
    else:
        raise BadInput(f"{path}: neither a folder of recordings nor .npz, .npy, .wav or .flac")


def false_rejects(
    make: MakeWake, calls: Sequence[tuple[str, Samples]], seed: int = 1
) -> dict[str, Any]:
    """Of `calls`, each the phrase alone: the share not heard, clean and at 10 dB office noise."""
    told: dict[str, Any] = {"calls": len(calls)}
    for name, snr_db in (("clean", None), ("noise_10_db", 10.0)):
        missed = [
            label
            for number, (label, samples) in enumerate(calls)
            if not hits(make(), around(samples, snr_db, seed + number))
        ]
        told[name] = {"missed": len(missed), "share": round(len(missed) / len(calls), 4)}
        told[name]["which"] = missed[:20]
    return told


def around(call: Samples, snr_db: float | None, seed: int) -> Samples:
    """A call at the usual loudness, with a room before and after it."""
    wave = call.astype(np.float64) / 32768
    wave *= level(_CALL_DB) / max(float(np.sqrt(np.mean(wave**2))), 1e-6)
    wave = np.concatenate([
        np.zeros(round(_BEFORE_S * SAMPLE_RATE)), wave, np.zeros(round(_AFTER_S * SAMPLE_RATE))
    ])  # fmt: skip
    decibels = ROOM_DB if snr_db is None else _CALL_DB - snr_db
    return np.asarray(pcm(wave + noise(len(wave), decibels, seed)))


def false_accepts(make: MakeWake, talk: Sequence[tuple[str, Samples]]) -> dict[str, Any]:
    """Hits an hour in sound without a call, and the most that the count allows (95%, one-sided)."""
    count, samples, cpu_s, where = 0, 0, 0.0, list[str]()
    for name, sound in talk:
        began = time.process_time()
        found = hits(make(), sound)
        cpu_s += time.process_time() - began
        count += len(found)
        samples += len(sound)
        where += [f"{name} at {place / SAMPLE_RATE:.1f} s" for place in found]
    hours = samples / SAMPLE_RATE / 3600
    return {
        "hours": round(hours, 3),
        "false_accepts": count,
        "an_hour": round(count / hours, 3),
        "an_hour_at_most": round(at_most(count) / hours, 3),
        "core_percent": round(100 * cpu_s / (samples / SAMPLE_RATE), 3),
        "where": where[:20],
    }


def at_most(count: int) -> float:
    """The upper 95% bound, one-sided, of the mean of a Poisson count (exact, by bisection)."""
    low, high = float(count), count + 20 + 10 * count**0.5
    for _ in range(60):
        mean = (low + high) / 2
        term, chance = np.exp(-mean), 0.0
        for k in range(count + 1):
            chance += term
            term *= mean / (k + 1)
        low, high = (mean, high) if chance > 0.05 else (low, mean)  # noqa: PLR2004 - of 95%
    return float(high)


def hits(wake: WakeWord, sound: Samples) -> list[int]:
    """The places of all hits in a sound, as a room would hear it."""
    found: list[int] = []
    for start in range(0, len(sound) - _FRAME + 1, _FRAME):
        heard = wake.feed(np.asarray(sound[start : start + _FRAME], dtype=np.int16))
        found += [hit.sample for hit in heard]
    return found
