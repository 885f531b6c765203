"""Hearing and speaking by the engines of a board's profile. Made at first use: they load models."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from hub.voice.ports import Activity, Speech
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText, TextToSpeech
from voiceassist.engines.registry import Engines
from voiceassist.errors import Unavailable

T = TypeVar("T")


class _Lazy(Generic[T]):
    """An engine, made when it is first needed; where that fails, it is tried again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None
        self._lock = threading.Lock()

    def get(self) -> T:
        """Raises `Unavailable`, with what to do."""
        with self._lock:
            if self._made is None:
                try:
                    self._made = self._make()
                except ImportError as error:
                    raise Unavailable(
                        f"{error.name} is not installed; reinstall voiceassist[hub] on the hub"
                    ) from error
            return self._made

    def take(self) -> T | None:
        """Give up the engine, if there is one."""
        with self._lock:
            made, self._made = self._made, None
            return made


class EngineEar:
    """The recogniser: one for all, who take turns. `prompt` gives words to expect."""

    def __init__(self, make: Callable[[], SpeechToText], prompt: Callable[[], str] = str) -> None:
        self._engine = _Lazy(make)
        self._prompt = prompt
        self._turn = threading.Lock()

    def transcribe(self, samples: Samples) -> Transcript:
        """What was said; raises `Unavailable`."""
        with self._turn:
            return self._engine.get().transcribe(samples, prompt=self._prompt())

    def close(self) -> None:
        """Free the model, once nobody is being recognised."""
        with self._turn:
            engine = self._engine.take()
        if engine is not None:
            engine.close()


class EngineVoice:
    """The voice; those who want to speak take turns."""

    def __init__(self, make: Callable[[], TextToSpeech]) -> None:
        self._engine = _Lazy(make)

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self._engine.get().sample_rate

    def speak(self, text: str) -> Iterator[Samples]:
        """Chunks of speech; raises `Unavailable`."""
        yield from self._engine.get().synthesize(text)

    def close(self) -> None:
        """Stop the voice's process, whatever it says."""
        engine = self._engine.take()
        if engine is not None:
            engine.abort()
            engine.close()


class EngineSpeech:
    """Hearing and speaking for the voice room; `engines` is called at first use.

    `prompt` gives words that the recogniser should expect, such as the library's drugs.
    The recogniser has half of the processor's cores at most: search stays quick beside it.
    """

    def __init__(self, engines: Callable[[], Engines], prompt: Callable[[], str] = str) -> None:
        self._engines = _Lazy(lambda: _modest(engines()))
        self.ear = EngineEar(lambda: self._engines.get().stt(), prompt)
        self.voice = EngineVoice(lambda: self._engines.get().tts())
        self.ports = Speech(self.ear, self.voice, self._activity)

    def close(self) -> None:
        """Free the models."""
        self.ear.close()
        self.voice.close()

    def _activity(self) -> Activity:
        return self._engines.get().vad()


def _modest(engines: Engines) -> Engines:
    profile = engines.profile
    threads = min(profile.stt.threads, max((os.cpu_count() or 2) // 2, 1))
    stt = profile.stt.model_copy(update={"threads": threads})
    return Engines(profile.model_copy(update={"stt": stt}), engines.store)
