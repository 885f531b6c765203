"""What the microphone hears without what the speaker says: WebRTC's audio processing.

`played` is called on the speaker's thread and `captured` on the microphone's; moments are those at
which the first sample is, or was, in the air.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from appliance.adapters.resample import Resampler
from appliance.adapters.sound.reference import Reference
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import AudioProfile

if TYPE_CHECKING:
    from livekit import rtc

_FRAME = SAMPLE_RATE // 100  # WebRTC takes 10 ms at a time
_AHEAD_S = 0.02  # the reference must never come later than its echo, though moments scatter
_NONE: Samples = np.zeros(0, dtype=np.int16)


class Echo(Protocol):
    """Cleans what was captured, knowing what was played."""

    def played(self, samples: Samples, rate: int, moment: float) -> None:
        """These go to the speaker; between them it is silent."""

    def captured(self, samples: Samples, moment: float) -> Samples:
        """As many cleaned samples, but for less than 10 ms that follow with the next."""


class Untouched:
    """Leaves everything as it is."""

    def played(self, samples: Samples, rate: int, moment: float) -> None:
        """Nothing to learn."""

    def captured(self, samples: Samples, moment: float) -> Samples:
        """The same."""
        del moment
        return samples


class WebRtc:
    """Echo cancellation, noise suppression and gain, as the board's profile says."""

    def __init__(self, profile: AudioProfile) -> None:
        from livekit import rtc  # noqa: PLC0415 - only a room with a sound card needs it

        self._rtc = rtc
        self._apm = rtc.AudioProcessingModule(
            echo_cancellation=profile.echo,
            noise_suppression=profile.noise,
            high_pass_filter=True,
            auto_gain_control=profile.gain,
        )
        self._ahead_s = _AHEAD_S - profile.echo_delay_ms / 1000
        self._lock = threading.Lock()
        self._resampler = Resampler(SAMPLE_RATE, SAMPLE_RATE)
        self._reference = Reference()
        self._rest = _NONE

    def played(self, samples: Samples, rate: int, moment: float) -> None:
        """These go to the speaker; between them it is silent."""
        with self._lock:
            if rate != self._resampler.source:
                self._resampler = Resampler(rate, SAMPLE_RATE)
            self._reference.put(self._resampler.push(samples), moment)

    def captured(self, samples: Samples, moment: float) -> Samples:
        """As many cleaned samples, but for less than 10 ms that follow with the next."""
        moment -= len(self._rest) / SAMPLE_RATE
        self._rest = np.concatenate([self._rest, samples])
        cleaned = []
        while len(self._rest) >= _FRAME:
            with self._lock:
                said = self._reference.take(_FRAME, moment + self._ahead_s)
            frame, self._rest = self._frame(self._rest[:_FRAME]), self._rest[_FRAME:]
            self._apm.process_reverse_stream(self._frame(said))
            self._apm.process_stream(frame)
            cleaned.append(np.frombuffer(frame.data, dtype=np.int16))
            moment += _FRAME / SAMPLE_RATE
        return np.concatenate(cleaned) if cleaned else _NONE

    def _frame(self, samples: Samples) -> rtc.AudioFrame:
        return self._rtc.AudioFrame(samples.tobytes(), SAMPLE_RATE, 1, len(samples))


def make_echo(profile: AudioProfile) -> Echo:
    """What the board's profile asks for."""
    wanted = profile.echo or profile.noise or profile.gain
    return WebRtc(profile) if wanted else Untouched()
