"""The hub's ear and voice, made at first use: they load models, and start the voice's process.

Law: who types or searches does not wait for who talks. Recognition and speech run on threads of a
lower priority, which whatever they start inherits.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np

from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText, TextToSpeech, VoiceActivity
from voiceassist.engines.registry import Engines
from voiceassist.knowledge.expecting import expectations

_NICENESS = 10


class EngineSpeech:
    """One recogniser and one voice for all browsers, each taken by one at a time. Thread-safe.

    `drug_names` are those of the library that serves: the recogniser is told to expect them.
    """

    def __init__(
        self,
        engines: Callable[[], Engines],
        drug_names: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._engines = engines
        self._drug_names = drug_names
        self._ear: SpeechToText | None = None
        self._voice: TextToSpeech | None = None
        self._hearing = ThreadPoolExecutor(1, "hub-ear", _give_way)
        self._saying = ThreadPoolExecutor(1, "hub-voice", _give_way)
        self._asked = 0
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether the recogniser is at work."""
        return self._asked > 0

    def hear(self, samples: Samples) -> Transcript:
        """What was said; raises `Unavailable` where the weights are not here."""
        with self._lock:
            self._asked += 1
        try:
            return self._hearing.submit(self._transcribe, samples).result()
        finally:
            with self._lock:
                self._asked -= 1

    def say(self, text: str) -> tuple[Samples, int]:
        """Speech, and its rate; raises `Unavailable` likewise, or where the voice died."""
        return self._saying.submit(self._synthesize, text).result()

    def activity(self) -> VoiceActivity:
        """One for a connection of its own; raises `Unavailable` likewise."""
        return self._engines().vad()

    def close(self) -> None:
        """Free the recogniser, end the voice's process."""
        for pool in (self._hearing, self._saying):
            pool.shutdown(cancel_futures=True)
        for part in (self._ear, self._voice):
            if part is not None:
                part.close()
        self._ear = self._voice = None

    def _transcribe(self, samples: Samples) -> Transcript:
        if self._ear is None:
            self._ear = self._engines().stt()
        return self._ear.transcribe(samples, prompt=expectations(self._drug_names()))

    def _synthesize(self, text: str) -> tuple[Samples, int]:
        if self._voice is None:
            self._voice = self._engines().tts()
        chunks = list(self._voice.synthesize(text))
        return np.concatenate([np.zeros(0, np.int16), *chunks]), self._voice.sample_rate


def _give_way() -> None:
    """Let everything else of the hub go first; Linux keeps a priority for each thread."""
    with suppress(OSError):  # a sandbox may forbid it: then all are equal
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
