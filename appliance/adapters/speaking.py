"""The voice: a sentence is made while the one before is played; fixed phrases are made at start."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import numpy as np

from appliance.rules.commands import Command
from appliance.rules.phrases import FAILED
from appliance.rules.spoken import breaths, to_speech
from voiceassist.contract.knowledge import Sentence
from voiceassist.engines.ports import Samples, TextToSpeech
from voiceassist.errors import Unavailable

log = logging.getLogger(__name__)

_GAINS = {Command.LOUDER: 1.5, Command.QUIETER: 1 / 1.5}
_SLOWNESS = {Command.SLOWER: 1.2, Command.FASTER: 1 / 1.2}
_GAIN_LIMITS = (0.2, 5.0)
_SLOWNESS_LIMITS = (0.7, 1.8)
_PAUSE_S = 0.15
_ATTEMPTS = 2
_HANGS_S = 8.0


class _SentenceEnd:
    """Stands among the chunks where a sentence is over."""


class Voice:
    """Speaks sentences, on a thread of its own."""

    def __init__(self, engine: TextToSpeech) -> None:
        self._engine = engine
        self.sample_rate = engine.sample_rate
        self._fixed: dict[str, list[Samples]] = {}
        self._gain = 1.0
        self._slowness = 1.0
        self._ends: list[int] = []  # of the last speech's sentences, in samples
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="voice")

    def prepare(self, phrases: Iterable[str]) -> None:
        """Make `phrases` now, so that they can be said when the voice can't."""
        for phrase in phrases:
            self._fixed[phrase] = list(self._engine.synthesize(to_speech(phrase)))

    def adjust(self, command: Command) -> None:
        """Speak louder, quieter, slower or faster from now on."""
        self._gain = float(np.clip(self._gain * _GAINS.get(command, 1.0), *_GAIN_LIMITS))
        slowness = self._slowness * _SLOWNESS.get(command, 1.0)
        self._slowness = float(np.clip(slowness, *_SLOWNESS_LIMITS))

    def sentences_in(self, samples: int) -> int:
        """How many sentences of the last speech its first `samples` hold to their end."""
        return sum(end <= samples for end in self._ends)

    async def speak(self, sentences: AsyncIterator[Sentence]) -> AsyncGenerator[Samples, None]:
        """Chunks of speech. Where the voice fails for good the answer ends, and that is said."""
        made: asyncio.Queue[Samples | _SentenceEnd | None] = asyncio.Queue()
        work = asyncio.create_task(self._make(sentences, made))
        self._ends, given = [], 0
        try:
            while (chunk := await made.get()) is not None:
                if isinstance(chunk, _SentenceEnd):
                    self._ends.append(given)
                    pause_s = _PAUSE_S * self._slowness
                    chunk = np.zeros(int(pause_s * self.sample_rate), dtype=np.int16)
                given += len(chunk)
                yield self._loud(chunk)
            await work
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work

    def make(self, text: str) -> Samples:
        """Speech for somebody else; from any thread, which waits while the room's own is made."""
        return np.concatenate([np.zeros(0, dtype=np.int16), *self._engine.synthesize(text)])

    def abort(self) -> None:
        """End what is being made, though it hangs; from any thread."""
        self._engine.abort()

    def close(self) -> None:
        """End the thread and the voice's process."""
        self._pool.shutdown()
        self._engine.close()

    async def _make(
        self, sentences: AsyncIterator[Sentence], made: asyncio.Queue[Samples | _SentenceEnd | None]
    ) -> None:
        try:
            async for sentence in sentences:
                async with aclosing(self._sentence(sentence.text)) as speech:
                    async for chunk in speech:
                        made.put_nowait(chunk)
                made.put_nowait(_SentenceEnd())
        except Unavailable as error:
            # a sentence left out could turn what the others mean, so nothing more is said
            log.error("the answer is broken off: %s", error)  # noqa: TRY400 - one line
            for chunk in self._fixed.get(FAILED, ()):
                made.put_nowait(chunk)
        finally:
            made.put_nowait(None)

    async def _sentence(self, text: str) -> AsyncGenerator[Samples, None]:
        if text in self._fixed and self._usual:
            for made in self._fixed[text]:
                yield made
            return
        for part in breaths(to_speech(text)):
            async with aclosing(self._part(part)) as speech:
                async for chunk in speech:
                    yield chunk

    async def _part(self, text: str) -> AsyncGenerator[Samples, None]:
        begun = False
        for attempt in range(1, _ATTEMPTS + 1):
            speech = self._engine.synthesize(text, slowness=self._slowness)
            try:
                while (chunk := await self._next(speech)) is not None:
                    begun = True
                    yield chunk
            except Unavailable as error:
                if begun or attempt == _ATTEMPTS:
                    raise
                log.warning("the voice failed and is asked again: %s", error)
            else:
                return
            finally:
                self._pool.submit(_end, speech)

    async def _next(self, speech: Iterator[Samples]) -> Samples | None:
        """The next chunk; a voice that hangs is ended, and begins anew at the next sentence."""
        work = asyncio.get_running_loop().run_in_executor(self._pool, _next, speech)
        done, _ = await asyncio.wait({work}, timeout=_HANGS_S)
        if not done:
            self._engine.abort()
            work.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise Unavailable("the voice took too long; it is started again")
        return work.result()

    @property
    def _usual(self) -> bool:
        return abs(self._slowness - 1.0) < 0.01  # noqa: PLR2004 - slower and faster again

    def _loud(self, chunk: Samples) -> Samples:
        if self._gain == 1.0:
            return chunk
        louder = np.clip(chunk.astype(np.float32) * self._gain, -32768, 32767)
        return np.asarray(louder.astype(np.int16))


def _next(speech: Iterator[Samples]) -> Samples | None:
    return next(speech, None)


def _end(speech: Iterator[Samples]) -> None:
    """Close an engine's generator on the thread that runs it: half a sentence must not linger."""
    if isinstance(speech, Generator):
        speech.close()
