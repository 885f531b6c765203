from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from appliance.adapters.frames import Stream
from appliance.adapters.recording import AtOnce, RealTime, Recording, read_recording
from appliance.adapters.resample import resample
from voiceassist.engines.ports import Samples
from voiceassist.errors import BadInput


def tone(rate: int, hertz: float = 440.0, seconds: float = 0.5) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(
        np.float32
    )


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_any_rate_becomes_16_khz(rate: int) -> None:
    """A tone of any rate comes out as the same tone at 16 kHz."""
    out = resample(tone(rate), rate)
    assert len(out) == pytest.approx(8000, abs=1)
    middle = slice(1000, 7000)
    assert np.abs(out[middle] - tone(16_000)[: len(out)][middle]).max() < 0.01


def test_what_16_khz_cannot_hold_is_filtered_out() -> None:
    """A tone above 8 kHz vanishes instead of folding down into speech."""
    out = resample(tone(48_000, hertz=11_000), 48_000)
    assert np.abs(out[1000:-1000]).max() < 0.001


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_stereo_is_mixed(tmp_path: Path, suffix: str) -> None:
    """Both channels of a WAV or FLAC are heard."""
    path = tmp_path / f"two{suffix}"
    left, right = tone(16_000, 300), tone(16_000, 700)
    soundfile.write(path, np.stack([left, right], axis=1), 16_000)
    mixed = read_recording(path)
    assert mixed.dtype == np.int16
    assert np.abs(mixed / 32767 - (left + right) / 2).max() < 0.01


def write_text(path: Path) -> None:
    path.write_text("no audio at all, only words")


def write_nothing(path: Path) -> None:
    path.write_bytes(b"")


def write_no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.float32), 16_000)


def write_silence(path: Path) -> None:
    soundfile.write(path, np.zeros(16_000, np.float32), 16_000)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (write_text, "not audio"),
        (write_nothing, "empty"),
        (write_no_samples, "no sound"),
        (write_silence, "only silence"),
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "not audio"),
    ],
)
def test_what_is_no_recording_is_one_clear_line(tmp_path: Path, make: object, says: str) -> None:
    """A file that is no audio, empty, silent or missing is named in one line that says why."""
    path = tmp_path / "odd.wav"
    make(path)  # type: ignore[operator]
    with pytest.raises(BadInput) as caught:
        read_recording(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


class Loud:
    window = 512

    def probability(self, samples: Samples) -> float:
        return float(np.abs(samples).max() / 32768)

    def reset(self) -> None:
        pass


async def test_frames_are_windows_of_the_recording() -> None:
    """The frames put together are the recording, in whole windows, each with its place."""
    samples = np.arange(5000, dtype=np.int16)
    frames = Stream(Recording(samples, AtOnce()), Loud())
    read = []
    while (frame := await frames.read()) is not None:
        assert frame.start == 512 * len(read)
        read.append(frame)
    assert len(read) == 5000 // 512
    assert (np.concatenate([frame.samples for frame in read]) == samples[: 512 * 9]).all()
    assert [frame.start for frame in frames.since(1024)] == [512 * n for n in range(2, 9)]


async def test_real_time_is_told_by_the_clock() -> None:
    """A paced recording's sample was heard when the clock says, however late it was read."""
    now = [50.0]
    source = Recording(np.zeros(1600, np.int16), RealTime(lambda: now[0]))
    now[0] += 5.0
    async for _ in source.chunks():
        pass
    assert source.moment(16_000) == pytest.approx(51.0)
