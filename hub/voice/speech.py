"""The hub's ear and voice, made at first use: they load models, and start the voice's process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText, TextToSpeech, VoiceActivity
from voiceassist.engines.registry import Engines
from voiceassist.knowledge.expecting import expectations


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
        self._hearing, self._saying = threading.Lock(), threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether the recogniser is at work."""
        return self._hearing.locked()

    def hear(self, samples: Samples) -> Transcript:
        """What was said; raises `Unavailable` where the weights are not here."""
        with self._hearing:
            if self._ear is None:
                self._ear = self._engines().stt()
            return self._ear.transcribe(samples, prompt=expectations(self._drug_names()))

    def say(self, text: str) -> tuple[Samples, int]:
        """Speech, and its rate; raises `Unavailable` likewise, or where the voice died."""
        with self._saying:
            if self._voice is None:
                self._voice = self._engines().tts()
            chunks = list(self._voice.synthesize(text))
            return np.concatenate([np.zeros(0, np.int16), *chunks]), self._voice.sample_rate

    def activity(self) -> VoiceActivity:
        """One for a connection of its own; raises `Unavailable` likewise."""
        return self._engines().vad()

    def close(self) -> None:
        """Free the recogniser, end the voice's process."""
        with self._hearing, self._saying:
            for part in (self._ear, self._voice):
                if part is not None:
                    part.close()
            self._ear = self._voice = None
