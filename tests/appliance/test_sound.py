"""The rules of the sound card: its clock, a speech on its way, and the echo."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.adapters.resample import Resampler, resample
from appliance.adapters.sound.child import BLOCK_MS
from appliance.adapters.sound.echo import Echo, Untouched, WebRtc, make_echo
from appliance.adapters.sound.flight import Flight
from appliance.adapters.sound.reference import Reference
from appliance.adapters.sound.timebase import Timebase
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import AudioProfile

BLOCK = SAMPLE_RATE * BLOCK_MS // 1000


def tone(seconds: float, hertz: float = 440.0, rate: int = SAMPLE_RATE) -> Samples:
    at = np.arange(round(seconds * rate))
    return np.rint(8000 * np.sin(2 * np.pi * hertz * at / rate)).astype(np.int16)


def loud(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


@pytest.mark.parametrize("drift", [-200e-6, 0.0, 80e-6])
def test_a_moment_is_true_though_the_card_drifts_and_blocks_are_told_of_late(drift: float) -> None:
    """Scattered delays and a card that drifts leave an hour's places true within 20 ms."""
    rng = np.random.default_rng(5)
    times = Timebase(SAMPLE_RATE)
    times.begin(0, 100.0)
    worst = 0.0
    for block in range(1, 3600 * 50):
        place = block * BLOCK
        truth = 100.0 + place / SAMPLE_RATE * (1 + drift)
        times.heard(place, truth + float(rng.exponential(0.004)))
        worst = max(worst, abs(times.moment(place) - truth))
    assert worst < 0.02
    assert times.drift == pytest.approx(drift, abs=60e-6)


def test_a_gap_is_owed() -> None:
    """What was not heard while the device was away is counted by the clock."""
    times = Timebase(SAMPLE_RATE)
    times.begin(0, 10.0)
    times.heard(16_000, 11.0)
    assert times.owed(16_000, 13.0) == 2 * SAMPLE_RATE
    assert times.owed(16_000, 10.5) == -SAMPLE_RATE // 2


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_a_stream_is_resampled_as_a_whole_is(rate: int) -> None:
    """Whatever the pieces, the samples are those of the whole, and almost all of them are told."""
    rng = np.random.default_rng(rate)
    samples = (rng.standard_normal(rate) * 3000).astype(np.int16)
    whole = resample(samples.astype(np.float32), rate)
    stream = Resampler(rate, SAMPLE_RATE)
    pieces = np.split(samples, np.sort(rng.integers(0, len(samples), 40)))
    told = np.concatenate([stream.push(piece) for piece in pieces])
    assert len(whole) - 40 < len(told) <= len(whole)
    assert np.abs(told - whole[: len(told)]).max() <= 1


def test_what_the_device_took_is_what_was_played() -> None:
    """Blocks that were sent are not played until they are taken, nor ever where it went away."""
    flight = Flight(SAMPLE_RATE)
    flight.add(tone(0.05))
    sent = [flight.next_block(SAMPLE_RATE), flight.next_block(SAMPLE_RATE)]
    assert flight.next_block(SAMPLE_RATE) is None
    assert flight.played.samples == 0
    flight.take(3.0)
    assert flight.played.samples == BLOCK
    assert flight.over_at == pytest.approx(3.02)
    flight.turn_back()
    again = flight.next_block(48_000)
    assert again is not None
    assert len(again) == 3 * BLOCK
    flight.complete = True
    assert flight.next_block(SAMPLE_RATE) is not None
    flight.take(4.0)
    assert not flight.played.whole
    flight.take(4.02)
    assert flight.played.whole
    assert flight.played.samples == len(tone(0.05))
    assert flight.played.first_at == 3.0
    assert np.array_equal(np.concatenate(sent), tone(0.05)[: 2 * BLOCK])  # type: ignore[arg-type]


def test_the_reference_is_what_was_in_the_air_then() -> None:
    """Moments that scatter leave no seam, and between two speeches lies the silence there was."""
    reference = Reference()
    said = np.arange(1, 10 * BLOCK + 1, dtype=np.int16)
    for number in range(10):
        jitter = 0.003 * (-1) ** number
        reference.put(said[number * BLOCK :][:BLOCK], 7.0 + number * BLOCK / SAMPLE_RATE + jitter)
    later = 7.0 + 20 * BLOCK / SAMPLE_RATE
    reference.put(said[:BLOCK], later)
    assert np.array_equal(reference.take(5 * BLOCK, 7.0 + 0.003), said[: 5 * BLOCK])
    assert np.array_equal(reference.take(5 * BLOCK, 7.1 + 0.002), said[5 * BLOCK :])
    assert not reference.take(BLOCK, 7.0 + 12 * BLOCK / SAMPLE_RATE).any()
    assert np.array_equal(reference.take(BLOCK, later), said[:BLOCK])
    assert not reference.take(BLOCK, later + 60).any()
    assert not reference.take(BLOCK, 5.0).any()


def through(echo: Echo, said: Samples, heard: Samples) -> Samples:
    """A device takes a block some 60 ms before it is in the air."""
    cleaned = []
    for start in range(0, len(heard), BLOCK):
        coming = start + 4 * BLOCK
        if len(block := said[coming : coming + BLOCK]):
            echo.played(block, SAMPLE_RATE, 5.0 + (start + 4 * BLOCK) / SAMPLE_RATE)
        cleaned.append(echo.captured(heard[start : start + BLOCK], 5.0 + start / SAMPLE_RATE))
    return np.concatenate(cleaned)


@pytest.mark.parametrize("delay", [80, 960, 2400])
def test_the_rooms_own_voice_is_taken_out(delay: int) -> None:
    """Noise like speech, heard again 5 to 150 ms later 6 dB down, is at least 20 dB fainter."""
    rng = np.random.default_rng(1)
    length = 12 * SAMPLE_RATE
    syllables = np.repeat(rng.uniform(0.1, 1.0, length // 1600), 1600)[:length]
    said = (rng.standard_normal(length) * 3000 * syllables).astype(np.int16)
    heard = np.concatenate([np.zeros(delay, np.int16), said[:-delay] // 2])
    after = through(WebRtc(AudioProfile()), said, heard)[6 * SAMPLE_RATE :]
    assert 20 * np.log10(loud(heard[6 * SAMPLE_RATE :]) / max(loud(after), 1e-3)) > 20


def test_who_speaks_without_an_echo_is_heard() -> None:
    """Where the room is silent what is captured stays as loud as it was."""
    said = tone(3.0, 300.0)
    cleaned = through(WebRtc(AudioProfile()), said[:0], said)
    assert len(cleaned) == len(said)
    assert loud(cleaned[SAMPLE_RATE:]) == pytest.approx(loud(said), rel=0.2)


def test_a_board_without_echo_noise_and_gain_leaves_samples_as_they_are() -> None:
    """Where the profile wants nothing done, nothing is, and WebRTC is not loaded."""
    echo = make_echo(AudioProfile(echo=False))
    assert isinstance(echo, Untouched)
    assert np.array_equal(echo.captured(tone(0.1), 0.0), tone(0.1))
