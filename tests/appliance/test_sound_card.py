"""The real path: PortAudio, ALSA and a sound server of the test's own in the sound card's place."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import numpy as np
import pytest

from appliance.adapters.sound.capture import Microphone
from appliance.adapters.sound.echo import Untouched
from appliance.adapters.sound.playback import Speaker
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import AudioProfile
from voiceassist.errors import Unavailable

pytestmark = pytest.mark.slow

RATE = 22_050
_STEP = SAMPLE_RATE // 1000


def tone(seconds: float, hertz: float = 440.0, rate: int = SAMPLE_RATE) -> Samples:
    at = np.arange(round(seconds * rate))
    return np.rint(8000 * np.sin(2 * np.pi * hertz * at / rate)).astype(np.int16)


def loud(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


async def speech(*chunks: Samples) -> AsyncIterator[Samples]:
    for chunk in chunks:
        yield chunk


class Ear:
    """What a microphone gives, while it goes on."""

    def __init__(self, microphone: Microphone) -> None:
        self.microphone = microphone
        self.chunks: list[Samples] = []

    async def listen(self) -> None:
        async with aclosing(self.microphone.chunks()) as stream:
            async for chunk in stream:
                self.chunks.append(chunk)

    @property
    def heard(self) -> Samples:
        return np.concatenate([np.zeros(0, np.int16), *self.chunks])

    def last(self, seconds: float) -> Samples:
        return self.heard[-round(seconds * SAMPLE_RATE) :]

    def edges(self, since: float) -> list[float]:
        """When sound began and ended and began, in seconds after `since`, to the millisecond."""
        heard = self.heard.astype(int)
        steps = np.abs(heard[: len(heard) // _STEP * _STEP]).reshape(-1, _STEP).max(1) > 800
        bridged = np.convolve(steps, np.ones(5), "same") > 0
        at = [self.microphone.moment(int(i) * _STEP) for i in np.flatnonzero(np.diff(bridged))]
        return [one - since for one in at if one > since]


@asynccontextmanager
async def listening(microphone: Microphone) -> AsyncIterator[Ear]:
    ear = Ear(microphone)
    task = asyncio.create_task(ear.listen())
    try:
        await until(lambda: microphone.captured > 0)
        yield ear
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool], patience: float = 15.0) -> None:
    end = time.perf_counter() + patience
    while not true():
        assert time.perf_counter() < end
        await asyncio.sleep(0.02)


async def test_the_microphone_hears_what_is_said(pulse: Any) -> None:
    """What is spoken into the virtual microphone arrives, and no sample of the time is missing."""
    microphone = Microphone("pulse", Untouched())
    began = time.perf_counter()
    async with listening(microphone) as ear:
        await asyncio.to_thread(pulse.say, tone(1.0))
        await asyncio.sleep(0.5)
        count = len(ear.heard)
        assert microphone.moment(0) == pytest.approx(began, abs=0.5)
        assert microphone.moment(count) == pytest.approx(time.perf_counter(), abs=0.5)
        begins, ends = ear.edges(began)
    assert ends - begins == pytest.approx(1.0, abs=0.2)
    assert loud(ear.heard) > 1000


async def test_two_channels_give_the_one_that_the_profile_names(pulse: Any) -> None:
    """A microphone of several channels is one channel, or their mean."""
    microphone = Microphone("pulse", Untouched(), profile=AudioProfile(channels=2, channel=-1))
    async with listening(microphone) as ear:
        began = time.perf_counter()
        await asyncio.to_thread(pulse.say, tone(0.5))
        await asyncio.sleep(0.3)
        begins, ends = ear.edges(began)
    assert ends - begins == pytest.approx(0.5, abs=0.2)


async def test_muted_means_closed(pulse: Any) -> None:
    """From the moment it is muted nothing passes, the server sees no capture, and time goes on."""
    microphone = Microphone("pulse", Untouched())
    async with listening(microphone) as ear:
        with pulse.saying(tone(20.0)):
            await until(lambda: loud(ear.last(0.2)) > 4000)
            assert await asyncio.to_thread(pulse.captures) == 1
            microphone.mute(on=True)
            given, before = microphone.captured, len(ear.chunks)
            await asyncio.sleep(1.0)
            assert await asyncio.to_thread(pulse.captures) == 0
            silent = np.concatenate(ear.chunks[before:])
            assert not silent.any()
            assert len(silent) / SAMPLE_RATE == pytest.approx(1.0, abs=0.6)
            assert microphone.captured == given
            assert microphone.muted
            microphone.mute(on=False)
            await until(lambda: microphone.captured > given)
            await until(lambda: loud(ear.last(0.2)) > 4000)
            assert microphone.moment(len(ear.heard)) == pytest.approx(time.perf_counter(), abs=0.5)


async def test_muted_while_it_opens_it_stays_closed(pulse: Any) -> None:
    """A device that is being opened when it is muted is closed again, unheard."""
    microphone = Microphone("pulse", Untouched())
    ear = Ear(microphone)
    task = asyncio.create_task(ear.listen())
    await asyncio.sleep(0.05)
    microphone.mute(on=True)
    await asyncio.sleep(1.0)
    assert microphone.captured == 0
    assert await asyncio.to_thread(pulse.captures) == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def back_after(
    ear: Ear, pulse: Any, away: Callable[[], None], back: Callable[[], None]
) -> None:
    microphone = ear.microphone
    began, first = time.perf_counter(), microphone.moment(0)
    await asyncio.to_thread(away)
    await until(lambda: bool(microphone.problem))
    await asyncio.to_thread(back)
    await until(lambda: not microphone.problem)
    await asyncio.to_thread(pulse.say, tone(1.0))
    assert loud(ear.last(1.2)) > 1000
    now = time.perf_counter()
    assert now - began > 1.0
    assert microphone.moment(len(ear.heard)) == pytest.approx(now, abs=0.5)
    assert len(ear.heard) / SAMPLE_RATE == pytest.approx(now - first, abs=0.5)


async def test_a_sound_server_that_dies_is_survived(pulse: Any) -> None:
    """While it is away silence fills the time; once it is back it is heard again."""
    async with listening(Microphone("pulse", Untouched())) as ear:
        await back_after(ear, pulse, pulse.stop, pulse.start)


async def test_a_microphone_that_is_pulled_out_is_survived(pulse: Any) -> None:
    """Time goes on without it, and once it is plugged in again it is heard again."""
    async with listening(Microphone("mouth", Untouched())) as ear:
        await asyncio.to_thread(pulse.unplug, "mouth")
        await asyncio.sleep(1.5)
        assert ear.microphone.moment(len(ear.heard)) == pytest.approx(time.perf_counter(), abs=0.1)
        await asyncio.to_thread(pulse.plug, "mouth")
        with pulse.saying(tone(20.0)):
            await until(lambda: loud(ear.last(0.2)) > 4000)
        assert ear.microphone.moment(len(ear.heard)) == pytest.approx(time.perf_counter(), abs=0.1)


async def test_a_microphone_that_stalls_is_opened_again(pulse: Any) -> None:
    """A device that gives nothing, without a word, is heard again within seconds."""
    async with listening(Microphone("pulse", Untouched())) as ear:
        stream = ear.microphone._stream
        assert stream is not None
        os.kill(stream._process.pid, signal.SIGSTOP)
        given = ear.microphone.captured
        stalled_at = time.perf_counter()
        await until(lambda: ear.microphone.captured > given)
        assert time.perf_counter() - stalled_at < 8.0


async def test_a_speaker_that_goes_and_comes_back_says_the_rest(pulse: Any) -> None:
    """A sound server that dies in the middle of a speech and returns hears the rest of it."""
    speaker = Speaker("pulse", Untouched())
    playing = asyncio.create_task(speaker.play(speech(tone(2.0, rate=RATE)), RATE))
    await asyncio.sleep(1.0)
    await asyncio.to_thread(pulse.stop)
    await asyncio.to_thread(pulse.start)
    played = await playing
    speaker.close()
    assert played.whole
    assert played.samples == 2 * RATE


async def test_no_device_is_one_clear_line(pulse: Any) -> None:
    """A speaker or microphone of a wrong name says which setting to correct."""
    del pulse
    with pytest.raises(Unavailable, match=r"speaker can't be used.*audio\.output"):
        await Speaker("brass trumpet", Untouched()).play(speech(tone(0.1)), SAMPLE_RATE)
    microphone = Microphone("brass trumpet", Untouched())
    ear = Ear(microphone)
    task = asyncio.create_task(ear.listen())
    await until(lambda: "audio.input" in microphone.problem)
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(ear.heard) > SAMPLE_RATE // 5
    assert not ear.heard.any()


@pytest.fixture
def loop(pulse: Any, monkeypatch: pytest.MonkeyPatch) -> Microphone:
    """A microphone that hears what the speaker says, and nothing else."""
    del pulse
    monkeypatch.setenv("PULSE_SOURCE", "speaker.monitor")
    return Microphone("pulse", Untouched())


async def test_a_pause_holds_and_nothing_is_lost(pulse: Any) -> None:
    """While it is paused the device takes nothing of the speech; then all of the rest."""
    del pulse
    speaker = Speaker("pulse", Untouched())
    playing = asyncio.create_task(speaker.play(speech(tone(2.0, rate=RATE)), RATE))
    await asyncio.sleep(0.8)
    speaker.pause()
    await asyncio.sleep(0.4)
    held = speaker.heard.samples
    await asyncio.sleep(0.5)
    assert speaker.heard.samples == held
    speaker.resume()
    played = await playing
    speaker.close()
    assert played.whole
    assert played.samples == 2 * RATE
