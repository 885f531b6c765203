"""Short tones for what the room does, for who does not look at it. Made once, quiet and soft."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np

from appliance.events import Event
from appliance.rules.signs import Signs, Tone, tone
from voiceassist.engines.ports import Samples

_PEAK = 10 ** (-20 / 20)
_FADE_S = 0.012
_NOTES: dict[Tone, tuple[float, ...]] = {  # hertz, one after another
    Tone.LISTENING: (660.0, 880.0),
    Tone.CLOSED: (660.0, 495.0),
    Tone.MUTED: (440.0, 330.0),
    Tone.UNMUTED: (330.0, 440.0),
    Tone.FAILED: (247.0, 220.0, 247.0),
    Tone.HERE: (880.0, 1320.0, 880.0),
}
_NOTE_S = 0.06


def made(which: Tone, rate: int) -> Samples:
    """The tone at `rate` Hz: 16-bit mono, at most 0.2 s long, 20 dB below full scale."""
    at = np.arange(round(_NOTE_S * rate)) / rate
    fade = np.clip(np.minimum(at, at[::-1]) / _FADE_S, 0, 1)
    notes = [np.sin(2 * np.pi * hertz * at) * fade for hertz in _NOTES[which]]
    return np.rint(np.concatenate(notes) * _PEAK * 32767).astype(np.int16)


class Tones:
    """Follows a room's events, and tells which tone is due."""

    def __init__(self, rate: int) -> None:
        self._made = {which: made(which, rate) for which in Tone}
        self._signs = Signs()

    def one(self, which: Tone) -> Samples:
        """A tone that no event calls for."""
        return self._made[which]

    def due(self, event: Event) -> Samples | None:
        """The tone that `event` calls for, if any."""
        before, self._signs = self._signs, self._signs.after(event)
        which = tone(before.phase, self._signs.phase, event)
        return self._made[which] if which else None


async def once(samples: Samples) -> AsyncIterator[Samples]:
    """One tone as speech, for a speaker."""
    yield samples
