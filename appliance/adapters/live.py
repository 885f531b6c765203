"""The microphone for several readers at once: the wake word, a question, what is said over a reply.

Law: one task reads the stream, always; waking changes who listens, never what is captured. Each
reader has a place of its own, and may begin before now, as far back as frames are kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from appliance.stages import Frame, Frames
from voiceassist.engines.ports import SAMPLE_RATE, SelfTesting, WakeHit, WakeWord

log = logging.getLogger(__name__)

KEPT_S = 30


class Live:
    """An endless stream and the hits of the wake word in it."""

    def __init__(self, stream: Frames, make_wake: Callable[[], WakeWord]) -> None:
        self._stream = stream
        self._make_wake = make_wake
        self._wake = make_wake()
        self._kept: deque[Frame] = deque()
        self._first = 0  # the number of the oldest frame kept
        self._origin = 0  # the place at which the wake word's own count began
        self._ended = False
        self._news = asyncio.Event()
        self._hit: WakeHit | None = None
        self.place = 0
        self.scored = 0
        """How many samples the wake word was given, and came back from."""

    async def run(self) -> None:
        """Read until the stream ends, or until cancelled."""
        try:
            while (frame := await self._stream.read()) is not None:
                self._take(frame)
        finally:
            self._ended = True
            self._news.set()

    def take_hit(self) -> WakeHit | None:
        """The wake word where it was heard since this was last asked."""
        hit, self._hit = self._hit, None
        return hit

    def hears(self) -> bool | None:
        """Whether the wake word hears its test clip; None where it has none."""
        try:
            return self._wake.hears() if isinstance(self._wake, SelfTesting) else None
        except Exception:
            log.exception("the wake word failed its test")
            return False

    def restart_wake(self) -> None:
        """A new wake word in the old one's place, as after it was found deaf."""
        self._wake = self._make_wake()
        self._origin = self.place

    def reader(self, sample: int | None = None) -> Reader:
        """Frames from the one that holds `sample` on; from the next one without it."""
        number = self._first + len(self._kept)
        if sample is not None:
            number -= sum(one.start + len(one.samples) > sample for one in self._kept)
        return Reader(self, number)

    def since(self, sample: int) -> Sequence[Frame]:
        """The frames kept that reach beyond `sample`."""
        return [frame for frame in self._kept if frame.start + len(frame.samples) > sample]

    def moment(self, sample: int) -> float:
        """When `sample` was heard."""
        return self._stream.moment(sample)

    async def frame(self, number: int) -> tuple[int, Frame | None]:
        """Frame `number`, or the oldest one that is kept, and its number; None once ended."""
        while number >= self._first + len(self._kept):
            if self._ended:
                return number, None
            self._news.clear()
            await self._news.wait()
        number = max(number, self._first)
        return number, next(islice(self._kept, number - self._first, None))

    def _take(self, frame: Frame) -> None:
        self.place = frame.start + len(frame.samples)
        self._kept.append(frame)
        if self.place - self._kept[0].start > KEPT_S * SAMPLE_RATE:
            self._kept.popleft()
            self._first += 1
        self._score(frame)
        self._news.set()

    def _score(self, frame: Frame) -> None:
        try:
            hits = self._wake.feed(frame.samples)
        except Exception:
            # whoever watches sees that nothing more is scored, and makes a new one
            log.exception("the wake word failed")
            return
        self.scored += len(frame.samples)
        for hit in hits:
            self._hit = WakeHit(self._origin + hit.sample, hit.score)


class Reader:
    """One reader of a live stream, at a place of its own."""

    def __init__(self, live: Live, number: int) -> None:
        self._live = live
        self._number = number

    async def read(self) -> Frame | None:
        """The next frame; None once the stream has ended."""
        number, frame = await self._live.frame(self._number)
        self._number = number + 1
        return frame

    def since(self, sample: int) -> Sequence[Frame]:
        """The frames kept that reach beyond `sample` and were read here already."""
        ahead = self._live.reader().number - self._number
        kept = self._live.since(sample)
        return kept[: len(kept) - ahead] if ahead > 0 else kept

    @property
    def number(self) -> int:
        """The number of the frame that comes next."""
        return self._number

    def moment(self, sample: int) -> float:
        """When `sample` was heard."""
        return self._live.moment(sample)
