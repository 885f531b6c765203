"""What the microphone hears without what the speaker says: WebRTC's audio processing.

`played` is called on the speaker's thread and `captured` on the microphone's, as they happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import AudioProfile

if TYPE_CHECKING:
    from livekit import rtc

_FRAME = SAMPLE_RATE // 100  # WebRTC takes 10 ms at a time
_NONE: Samples = np.zeros(0, dtype=np.int16)


class Echo(Protocol):
    """Cleans what was captured, knowing what was played."""

    def played(self, samples: Samples, rate: int) -> None:
        """These go to the speaker now, silence included."""

    def captured(self, samples: Samples) -> Samples:
        """As many cleaned samples as came in, but for less than 10 ms at the beginning."""

    def delay(self, milliseconds: int) -> None:
        """How long a sound takes from `played` through the air to `captured`."""


class Untouched:
    """Leaves everything as it is."""

    def played(self, samples: Samples, rate: int) -> None:
        """Nothing to learn."""

    def captured(self, samples: Samples) -> Samples:
        """The same."""
        return samples

    def delay(self, milliseconds: int) -> None:
        """Nothing to know."""


class WebRtc:
    """Echo cancellation, and noise suppression and gain where the board's profile says so."""

    def __init__(self, profile: AudioProfile) -> None:
        from livekit import rtc  # noqa: PLC0415 - only a room with a sound card needs it

        self._rtc = rtc
        self._apm = rtc.AudioProcessingModule(
            echo_cancellation=profile.echo,
            noise_suppression=profile.noise,
            high_pass_filter=True,
            auto_gain_control=profile.gain,
        )
        self._resamplers: dict[int, rtc.AudioResampler] = {}
        self._reference = _NONE
        self._rest = _NONE

    def played(self, samples: Samples, rate: int) -> None:
        """These go to the speaker now, silence included."""
        self._reference = np.concatenate([self._reference, self._at_16k(samples, rate)])
        while len(self._reference) >= _FRAME:
            frame, self._reference = self._reference[:_FRAME], self._reference[_FRAME:]
            self._apm.process_reverse_stream(self._frame(frame))

    def captured(self, samples: Samples) -> Samples:
        """As many cleaned samples as came in, but for less than 10 ms at the beginning."""
        self._rest = np.concatenate([self._rest, samples])
        cleaned = []
        while len(self._rest) >= _FRAME:
            frame, self._rest = self._frame(self._rest[:_FRAME]), self._rest[_FRAME:]
            self._apm.process_stream(frame)
            cleaned.append(np.frombuffer(frame.data, dtype=np.int16))
        return np.concatenate(cleaned) if cleaned else _NONE

    def delay(self, milliseconds: int) -> None:
        """How long a sound takes from `played` through the air to `captured`."""
        self._apm.set_stream_delay_ms(max(0, min(milliseconds, 500)))

    def _at_16k(self, samples: Samples, rate: int) -> Samples:
        if rate == SAMPLE_RATE:
            return samples
        if rate not in self._resamplers:
            self._resamplers[rate] = self._rtc.AudioResampler(rate, SAMPLE_RATE)
        frames = self._resamplers[rate].push(self._frame(samples, rate))
        parts = [np.frombuffer(frame.data, dtype=np.int16) for frame in frames]
        return np.concatenate(parts) if parts else _NONE

    def _frame(self, samples: Samples, rate: int = SAMPLE_RATE) -> rtc.AudioFrame:
        return self._rtc.AudioFrame(samples.tobytes(), rate, 1, len(samples))


def make_echo(profile: AudioProfile) -> Echo:
    """What the board's profile asks for."""
    wanted = profile.echo or profile.noise or profile.gain
    return WebRtc(profile) if wanted else Untouched()
