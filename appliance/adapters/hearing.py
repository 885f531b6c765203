"""The stages that hear: wake word, segmentation, speech to text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import numpy as np

from appliance.adapters.doubts import weigh
from appliance.rules.endpoint import Pace, patience_ms
from appliance.rules.heard import strip_wake_word
from appliance.rules.segment import End, Segmentation, Segments, samples_in
from appliance.rules.soundalike import SoundAlikes
from appliance.stages import Frame, Frames, Utterance
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText, WakeHit, WakeWord
from voiceassist.knowledge.expecting import expectations

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


class Guessing(Protocol):
    """Who is told of what may be all that is said, and what was recognised of it."""

    def begin(self, utterance: Utterance) -> None:
        """This may be all."""

    @property
    def heard(self) -> str | None:
        """The words up to the last pause; None where they are not known yet."""


class Segmenter:
    """Collects an utterance; how long a silence ends it follows the speaker and the words."""

    def __init__(self, rules: Segmentation, ahead: Guessing) -> None:
        self._rules = rules
        self._ahead = ahead
        self.pace = Pace.starting(rules.end_ms)
        self.look_back = samples_in(rules.look_back_ms)
        """How far before the wake word's end an utterance may begin, in samples."""
        self.collected: list[tuple[int, int, float, int]] = []
        """Of the last utterance's frames: place, length, probability, and the patience then."""

    def cut_off(self, gap_ms: int) -> None:
        """Speech went on `gap_ms` behind what was taken for its end: collect it again."""
        self.pace = self.pace.cut_off(gap_ms)

    async def collect(self, frames: Frames, wake: WakeHit) -> Utterance:
        """What is said after `wake`."""
        segments = Segments(self._rules, wake.sample)
        heard: list[Frame] = []
        self.collected = collected = list[tuple[int, int, float, int]]()
        paused = False
        kept = list(frames.since(wake.sample - samples_in(self._rules.look_back_ms)))
        while (frame := kept.pop(0) if kept else await frames.read()) is not None:
            heard.append(frame)
            words = self._ahead.heard if paused else None
            segments.patience_ms = patience_ms(words, self.pace.usual_ms, self._rules.pause_ms)
            length = len(frame.samples)
            collected.append((frame.start, length, frame.speech, segments.patience_ms))
            event = segments.feed(frame.start, length, frame.speech)
            if isinstance(event, End):
                self.pace = self.pace.after(segments.pauses)
                return cut(heard, event.start, event.end, frames.moment(event.end))
            if event is not None:
                paused = True
                self._ahead.begin(cut(heard, event.start, event.end, frames.moment(event.end)))
        end = segments.finish()
        return cut(heard, end.start, end.end, frames.moment(end.end))


def cut(frames: Sequence[Frame], start: int, end: int, ended_at: float) -> Utterance:
    """The utterance from place `start` to `end` in `frames`, and a little of the silence behind."""
    samples: Samples = np.zeros(0, dtype=np.int16)
    if end > start and frames:
        audio = np.concatenate([frame.samples for frame in frames])
        first = frames[0].start
        samples = audio[max(start - first, 0) : end + samples_in(_TAIL_MS) - first]
    return Utterance(samples, start, end, ended_at)


class Ear:
    """Recognises speech, on a thread of its own; weighs names against their `alikes`."""

    def __init__(self, engine: SpeechToText, alikes: SoundAlikes | None = None) -> None:
        self._engine = engine
        self._alikes = alikes
        self._prompt = ""
        self._known = frozenset[str]()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ear")

    def expect(self, drug_names: tuple[str, ...]) -> None:
        """Expect these names from now on, the most telling first."""
        self._prompt = expectations(drug_names)
        self._known = frozenset(word for name in drug_names for word in name.lower().split())

    def warm_up(self, samples: Samples) -> None:
        """Recognise once, for nothing."""
        self._engine.transcribe(samples)

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """The words, without the wake word; raises what the engine raises."""
        return await asyncio.wrap_future(self._pool.submit(self._work, utterance.samples))

    def give_up(self) -> None:
        """Leave a recognition that hangs behind, and go on with another thread."""
        hung, self._pool = self._pool, ThreadPoolExecutor(1, thread_name_prefix="ear")
        hung.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the thread and free the model."""
        self._pool.shutdown(cancel_futures=True)
        self._engine.close()

    def _work(self, samples: Samples) -> Transcript:
        if not len(samples):
            return Transcript("", confidence=0.0, no_speech=1.0)
        heard = self._engine.transcribe(samples, prompt=self._prompt)
        text = strip_wake_word(heard.text)
        called = heard.text[: len(heard.text.rstrip()) - len(text)]
        heard = replace(heard, text=text)
        if self._alikes is None:
            return heard
        return weigh(self._engine, samples, heard, self._alikes, self._known, lead=called)
