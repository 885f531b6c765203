"""Barge-in: the wake word, said while the room speaks, stops it and begins the next turn.

It wraps the wake stage and the speaker of one endless stream. While something plays it reads the
stream itself, so that nothing piles up; a read is never cancelled, since that would end the stream.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from appliance.stages import Frame, Frames, Played, SpeakerStage, WakeStage
from voiceassist.engines.ports import Samples, WakeHit


class BargeIn:
    """The wake stage and the speaker of a room that can be interrupted."""

    def __init__(self, frames: Frames, wake: WakeStage, speaker: SpeakerStage) -> None:
        self._frames = frames
        self._wake = wake
        self._speaker = speaker
        self._hit: WakeHit | None = None

    async def wait(self, frames: Frames) -> WakeHit | None:
        """The wake word: the one that interrupted, or the next."""
        hit, self._hit = self._hit, None
        return hit or await self._wake.wait(frames)

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        """Play to the end, or until the wake word."""
        until = _Until(self._frames)
        playing = asyncio.create_task(self._speaker.play(speech, sample_rate))
        listening = asyncio.create_task(self._wake.wait(until))
        try:
            await asyncio.wait({playing, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done() and (hit := listening.result()) is not None:
                self._hit = hit
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing
                return Played(None, 0)
            return await playing
        finally:
            until.enough = True
            playing.cancel()
            await listening


class _Until:
    """Frames that end early, between two reads."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self.enough = False

    async def read(self) -> Frame | None:
        return None if self.enough else await self._frames.read()

    def since(self, sample: int) -> Sequence[Frame]:
        return self._frames.since(sample)

    def moment(self, sample: int) -> float:
        return self._frames.moment(sample)
