"""A source of samples as frames: cut to the voice activity model's window, and kept for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import numpy as np

from appliance.stages import Frame
from voiceassist.engines.ports import SAMPLE_RATE, Samples, VoiceActivity

_KEPT_S = 4


class Source(Protocol):
    """Where samples come from."""

    def chunks(self) -> AsyncGenerator[Samples, None]:
        """Chunks of any size."""

    def moment(self, sample: int) -> float:
        """When `sample` was heard."""


class Stream:
    """The frames of one source."""

    def __init__(self, source: Source, vad: VoiceActivity) -> None:
        self._source = source
        self._chunks = source.chunks()
        self._vad = vad
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._place = 0
        self._kept: deque[Frame] = deque(maxlen=_KEPT_S * SAMPLE_RATE // vad.window)
        vad.reset()

    async def read(self) -> Frame | None:
        """The next frame; None once a recording has ended, less than a window being left."""
        while len(self._rest) < self._vad.window:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                return None
            self._rest = np.concatenate([self._rest, chunk])
        window, self._rest = self._rest[: self._vad.window], self._rest[self._vad.window :]
        frame = Frame(self._place, window, self._vad.probability(window))
        self._place += len(window)
        self._kept.append(frame)
        return frame

    async def aclose(self) -> None:
        """Let go of the source."""
        await self._chunks.aclose()

    def since(self, sample: int) -> Sequence[Frame]:
        """The frames kept that reach beyond `sample`."""
        return [frame for frame in self._kept if frame.start + len(frame.samples) > sample]

    def moment(self, sample: int) -> float:
        """When `sample` was heard."""
        return self._source.moment(sample)
