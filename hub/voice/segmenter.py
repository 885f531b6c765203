"""Finds utterances in a stream of samples. Pure: time is the count of samples, never a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voiceassist.engines.ports import SAMPLE_RATE, Samples

Sign = Literal["began", "ended", "dropped"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds and probabilities: from when on it is speech, and when it is over."""

    speech: float = 0.5
    least_s: float = 0.1  # of speech, before an utterance begins
    silence_s: float = 0.7
    before_s: float = 0.3  # kept of what came before
    most_s: float = 20.0


class Segmenter:
    """Feed it samples; it tells of utterances that begin and end, and has the last one.

    `probability` scores one window of `window` samples, in order.
    """

    def __init__(
        self, window: int, probability: Callable[[Samples], float], rules: Rules | None = None
    ) -> None:
        self._window = window
        self._probability = probability
        self._rules = rules or Rules()
        self._rest: Samples = np.zeros(0, np.int16)
        self._before: deque[Samples] = deque(maxlen=max(1, self._windows(self._rules.before_s)))
        self._heard: list[Samples] = []
        self._voiced = self._silent = 0
        self.speaking = False
        self.utterance: Samples = np.zeros(0, np.int16)

    def feed(self, samples: Samples) -> Iterator[Sign]:
        """Each sign as it comes; after "ended", `utterance` is what was said."""
        stream = np.concatenate([self._rest, samples])
        whole = len(stream) // self._window * self._window
        self._rest = stream[whole:]
        for start in range(0, whole, self._window):
            yield from self._take(stream[start : start + self._window])

    def so_far(self) -> Samples:
        """What was said of an utterance that goes on."""
        return np.concatenate(self._heard) if self._heard else np.zeros(0, np.int16)

    def reset(self) -> None:
        """Forget what was heard."""
        self._before.clear()
        self._heard.clear()
        self._voiced = self._silent = 0
        self.speaking = False

    def _take(self, window: Samples) -> Iterator[Sign]:
        voiced = self._probability(window) >= self._rules.speech
        self._voiced = self._voiced + 1 if voiced else 0
        if not self.speaking:
            self._before.append(window)
            if self._voiced >= self._windows(self._rules.least_s):
                self.speaking, self._silent = True, 0
                self._heard = list(self._before)
                yield "began"
            return
        self._heard.append(window)
        self._silent = 0 if voiced else self._silent + 1
        if len(self._heard) > self._windows(self._rules.most_s):
            self.reset()
            yield "dropped"
        elif self._silent >= self._windows(self._rules.silence_s):
            self.utterance = self.so_far()
            self.reset()
            yield "ended"

    def _windows(self, seconds: float) -> int:
        return max(1, round(seconds * SAMPLE_RATE / self._window))
