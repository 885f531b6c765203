"""The one recogniser that all connections share, on a worker of its own.

Law: the event loop never waits for it, and a question never waits for more than one partial.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

from hub.voice.drawing import give_way
from hub.voice.ports import Ear
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples


class Recogniser:
    """Recognises one utterance after the other, in the order in which they came."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._worker = ThreadPoolExecutor(1, "voice-ear", give_way)
        self._pending: set[Future[Transcript]] = set()

    @property
    def idle(self) -> bool:
        """Whether nobody waits for it."""
        return not self._pending

    async def transcribe(self, samples: Samples) -> Transcript:
        """What was said; raises `Unavailable`. Cancelled while it waits, it is not begun."""
        future = self._worker.submit(self._ear.transcribe, samples)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Begin nothing more."""
        self._worker.shutdown(wait=False, cancel_futures=True)
