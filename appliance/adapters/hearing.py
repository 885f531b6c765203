"""The stages that hear: wake word, segmentation, speech to text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from appliance.rules.heard import expectations, strip_wake_word
from appliance.rules.segment import End, Segmentation, Segments, samples_in
from appliance.stages import Frame, Frames, Utterance
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText, WakeHit, WakeWord

_TAIL_MS = 200  # of the silence after speech, kept for the recogniser


class Wake:
    """Listens for the wake word."""

    def __init__(self, engine: WakeWord) -> None:
        self._engine = engine

    async def wait(self, frames: Frames) -> WakeHit | None:
        """The first hit, its place counted in the stream."""
        self._engine.reset()
        begin: int | None = None
        while (frame := await frames.read()) is not None:
            begin = frame.start if begin is None else begin
            for hit in self._engine.feed(frame.samples):
                return replace(hit, sample=begin + hit.sample)
        return None


class Pressed:
    """A button in the wake word's place: listens from place `sample` on."""

    def __init__(self, sample: int) -> None:
        self._sample = sample

    async def wait(self, frames: Frames) -> WakeHit | None:
        """The place, once the stream has come there."""
        while (frame := await frames.read()) is not None:
            if frame.start + len(frame.samples) >= self._sample:
                return WakeHit(self._sample, 1.0)
        return None


class Segmenter:
    """Collects an utterance. `paused` is told of what may be all of it, as soon as it may be."""

    def __init__(self, rules: Segmentation, paused: Callable[[Utterance], None]) -> None:
        self._rules = rules
        self._paused = paused

    async def collect(self, frames: Frames, wake: WakeHit) -> Utterance:
        """What is said after `wake`."""
        segments = Segments(self._rules, wake.sample)
        heard: list[Frame] = []
        kept = list(frames.since(wake.sample - samples_in(self._rules.look_back_ms)))
        while (frame := kept.pop(0) if kept else await frames.read()) is not None:
            heard.append(frame)
            event = segments.feed(frame.start, len(frame.samples), frame.speech)
            if isinstance(event, End):
                return _utterance(heard, frames, event.start, event.end)
            if event is not None:
                self._paused(_utterance(heard, frames, event.start, event.end))
        end = segments.finish()
        return _utterance(heard, frames, end.start, end.end)


def _utterance(heard: list[Frame], frames: Frames, start: int, end: int) -> Utterance:
    samples: Samples = np.zeros(0, dtype=np.int16)
    if end > start:
        audio = np.concatenate([frame.samples for frame in heard])
        first = heard[0].start
        samples = audio[start - first : end + samples_in(_TAIL_MS) - first]
    return Utterance(samples, start, end, frames.moment(end))


class Ear:
    """Recognises speech, on a thread of its own.

    What `begin` was given is recognised ahead; `transcribe` takes that result where the
    utterance turned out to be the same, and else it is dropped.
    """

    def __init__(self, engine: SpeechToText) -> None:
        self._engine = engine
        self._prompt = ""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ear")
        self._ahead: tuple[tuple[int, int], Future[Transcript]] | None = None

    def expect(self, drug_names: tuple[str, ...]) -> None:
        """Expect these names from now on, the most telling first."""
        self._prompt = expectations(drug_names)

    def warm_up(self, samples: Samples) -> None:
        """Recognise once, for nothing."""
        self._engine.transcribe(samples)

    def begin(self, utterance: Utterance) -> None:
        """Start on what may be all that is said."""
        self.drop()
        key = (utterance.start, utterance.speech_end)
        self._ahead = (key, self._pool.submit(self._work, utterance.samples))

    def drop(self) -> None:
        """Forget what was begun."""
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """The words, without the wake word; raises what the engine raises."""
        key = (utterance.start, utterance.speech_end)
        if self._ahead is None or self._ahead[0] != key:
            self.begin(utterance)
        assert self._ahead is not None  # noqa: S101 - `begin` sets it
        _, work = self._ahead
        self._ahead = None
        return await asyncio.wrap_future(work)

    def close(self) -> None:
        """End the thread and free the model."""
        self.drop()
        self._pool.shutdown()
        self._engine.close()

    def _work(self, samples: Samples) -> Transcript:
        if not len(samples):
            return Transcript("", confidence=0.0, no_speech=1.0)
        heard = self._engine.transcribe(samples, prompt=self._prompt)
        return replace(heard, text=strip_wake_word(heard.text))
