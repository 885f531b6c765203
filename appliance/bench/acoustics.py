"""The air between a speaker and a microphone: silence, noise and loudness. Pure.

Waves are float64, -1 to 1, at 16 kHz. Needs numpy alone, so `demo/make_turns.py` uses it where
nothing else of the project is installed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
ROOM_DB = -66.0  # the quiet of a room, so that no recording is digital silence
SPEECH_DB = -23.0  # RMS of the words, relative to full scale
_FAINT = 0.02  # of the loudest sample: what is fainter at the ends is silence

Wave = npt.NDArray[np.float64]


def trimmed(wave: Wave) -> Wave:
    """Speech without silence around it, at the same loudness for every voice."""
    loud = np.flatnonzero(np.abs(wave) > _FAINT * np.abs(wave).max(initial=0.0))
    if not len(loud):
        return wave[:0]
    wave = wave[loud[0] : loud[-1] + 1]
    return np.asarray(wave * level(SPEECH_DB) / np.sqrt(np.mean(wave**2)))


def silence(seconds: float) -> Wave:
    """Nothing, for a while."""
    return np.zeros(round(seconds * RATE))


def noise(length: int, decibels: float, seed: int) -> Wave:
    """Office-like noise: its power falls by 3 dB an octave; `decibels` of full scale, RMS."""
    bins = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    bins /= np.sqrt(np.maximum(np.arange(len(bins)), 10))
    wave = np.fft.irfft(bins, length)
    return np.asarray(wave * level(decibels) / np.sqrt(np.mean(wave**2)))


def pcm(wave: Wave) -> npt.NDArray[np.int16]:
    """16-bit samples; what is too loud is clipped."""
    return np.asarray(np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16))


def level(decibels: float) -> float:
    """An amplitude from decibels of full scale."""
    return float(10 ** (decibels / 20))
