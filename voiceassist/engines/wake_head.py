"""The wake word by a head of our own on Google's speech embedding, and by two models together.

The head hears the last 1.5 s every 80 ms. `models/wake_training` tells how one is made. Where
microWakeWord has a model of the phrase, too, its word counts: what both hear needs to be less sure
of itself than what the head hears alone.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voiceassist.engines.ports import SAMPLE_RATE, Samples, WakeHit, WakeWord
from voiceassist.engines.runtimes import onnx_session

WINDOW = SAMPLE_RATE * 3 // 2
STEP = SAMPLE_RATE * 80 // 1000
_REFRACTORY = SAMPLE_RATE  # one utterance of the phrase is one hit
_AGREED = SAMPLE_RATE * 6 // 10  # so long the word of the other model counts
_FRAMES, _FIRST = 76, 64  # of mel, 10 ms each: one embedding's, and where the newest begins
_HOP, _ALL = SAMPLE_RATE // 100, 147  # samples between frames, and the frames of a window
_NEW = STEP // _HOP  # frames that a step adds
_SPAN_DB = 80.0  # frames are no fainter than so far below their window's loudest
_EMBEDDINGS = 9


class Scorer(Protocol):
    """Scores a stream, a step at a time; `clip` holds the phrase, for a test."""

    clip: Samples

    def score(self, window: Samples) -> float:
        """The chance, 0 to 1, that the phrase ends in `window`, one `STEP` on from the last."""

    def reset(self) -> None:
        """Forget what was heard."""

    def aside(self) -> Scorer:
        """The same model, having heard nothing yet."""


class WakeHead:
    """Mel spectrogram, speech embedding and two layers: some 2.4 ms a step on one thread."""

    def __init__(self, mel: Path, embedding: Path, head: Path) -> None:
        self._mel = onnx_session(mel, threads=1)
        self._embedding = onnx_session(embedding, threads=1)
        with np.load(head) as weights:
            self._weights: dict[str, npt.NDArray[np.float32]] = dict(weights)
        self.clip: Samples = self._weights.pop("clip").astype(np.int16)
        self._frames: npt.NDArray[np.float32] | None = None
        self._heard: deque[npt.NDArray[np.float32]] = deque(maxlen=_EMBEDDINGS)

    def score(self, window: Samples) -> float:
        """The chance, 0 to 1, that the phrase ends in `window`, one `STEP` on from the last."""
        mel = self._spectrogram(window) / 10 + 2
        newest = mel[np.newaxis, _FIRST : _FIRST + _FRAMES, :, np.newaxis].astype(np.float32)
        self._heard.append(self._embedding.run(None, {"input_1": newest})[0].ravel())
        if len(self._heard) < _EMBEDDINGS:
            return 0.0
        w = self._weights
        standard = (np.concatenate(self._heard) - w["mean"]) / w["spread"]
        hidden = np.maximum(standard @ w["w1"] + w["b1"], 0)
        return float(1 / (1 + np.exp(-float(hidden @ w["w2"] + w["b2"][0]))))

    def _spectrogram(self, window: Samples) -> npt.NDArray[np.float32]:
        """The frames of `window`, of which only those are made that the last step added."""
        before = self._frames
        new = window if before is None else window[(_ALL - _NEW) * _HOP :]
        audio = new[np.newaxis].astype(np.float32) / 32768
        made = self._mel.run(None, {"input": audio})[0].reshape(-1, 32)
        self._frames = made if before is None else np.concatenate([before[_NEW:], made])
        # the model bounds what is faint by the loudest of all that it was given
        faintest = np.float32(self._frames.max() - _SPAN_DB)
        return np.maximum(self._frames, faintest).astype(np.float32, copy=False)

    def reset(self) -> None:
        """Forget what was heard."""
        self._frames = None
        self._heard.clear()

    def aside(self) -> WakeHead:
        """The same model, having heard nothing yet."""
        other = copy.copy(self)
        other._frames = None  # noqa: SLF001 - one of its own kind
        other._heard = deque(maxlen=_EMBEDDINGS)  # noqa: SLF001 - (likewise)
        return other


class HeadWake:
    """Hears one phrase: where the mean of two scores reaches `cutoff`.

    `agreed` is enough where `other` has just heard it, too.
    """

    def __init__(
        self, head: Scorer, other: WakeWord | None, *, cutoff: float, agreed: float
    ) -> None:
        self._head = head
        self._other = other
        self._cutoff = cutoff
        self._agreed = agreed
        self._window: Samples = np.zeros(WINDOW, dtype=np.int16)
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._samples = 0
        self._last = 0.0
        self._deaf_until = 0
        self._agrees_until = 0

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        """Hear the next samples; the hits among them, if any."""
        self._rest = np.concatenate([self._rest, samples])
        hits = []
        while len(self._rest) >= STEP:
            step, self._rest = self._rest[:STEP], self._rest[STEP:]
            self._window = np.concatenate([self._window[STEP:], step])
            self._samples += STEP
            if self._other is not None and self._other.feed(step):
                self._agrees_until = self._samples + _AGREED
            score = self._score()
            agreed = self._samples <= self._agrees_until
            enough = score >= (self._agreed if agreed else self._cutoff)
            if enough and self._samples >= self._deaf_until:
                self._deaf_until = self._samples + _REFRACTORY
                hits.append(WakeHit(self._samples, score))
        return hits

    def hears(self) -> bool:
        """Whether the head hears its test clip, aside from the stream."""
        aside = HeadWake(self._head.aside(), None, cutoff=self._cutoff, agreed=self._cutoff)
        quiet: Samples = np.zeros(STEP * 4, dtype=np.int16)
        test = np.concatenate([self._head.clip, quiet])
        steps = (test[start : start + STEP] for start in range(0, len(test), STEP))
        return any(aside.feed(step) for step in steps)  # no further than it must

    def reset(self) -> None:
        """Forget what was heard, as before the first sample."""
        if self._other is not None:
            self._other.reset()
        self._head.reset()
        self._window = np.zeros(WINDOW, dtype=np.int16)
        self._rest = np.zeros(0, dtype=np.int16)
        self._samples = self._deaf_until = self._agrees_until = 0
        self._last = 0.0

    def _score(self) -> float:
        now = self._head.score(self._window)
        mean, self._last = (self._last + now) / 2, now
        return mean
