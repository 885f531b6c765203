"""The wake word by microWakeWord: a score every 30 ms, averaged over a sliding window."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence

import numpy as np

from voiceassist.engines.ports import SAMPLE_RATE, Samples, WakeHit
from voiceassist.engines.profile import WakeProfile

_STEP = SAMPLE_RATE // 100  # the feature front end's step, 10 ms
_REFRACTORY = SAMPLE_RATE  # one utterance of the phrase is one hit


class MicroWake:
    """Hears one phrase. The averaging is ours: the library's waits for a full window of zeros."""

    def __init__(self, profile: WakeProfile) -> None:
        from pymicro_wakeword import (  # noqa: PLC0415 - runtimes load when made
            MicroWakeWord,
            MicroWakeWordFeatures,
            Model,
        )

        self._profile = profile
        self._model = MicroWakeWord.from_builtin(Model(profile.phrase))
        self._model.sliding_window_size = 1
        self._features = MicroWakeWordFeatures()
        self._scores: deque[float] = deque(maxlen=profile.window)
        self._last = 0.0
        self._samples = 0
        self._deaf_until = 0

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        """Hear the next samples; the hits among them, if any."""
        hits = []
        for start in range(0, len(samples), _STEP):
            chunk = samples[start : start + _STEP]
            self._samples += len(chunk)
            for features in self._features.process_streaming(chunk.astype("<i2").tobytes()):
                score = self._score(features)
                if score > self._profile.cutoff and self._samples >= self._deaf_until:
                    self._deaf_until = self._samples + _REFRACTORY
                    hits.append(WakeHit(self._samples, score))
        return hits

    def _score(self, features: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        self._model._probabilities.clear()  # noqa: SLF001 - read one score at a time
        score = self._model.process_streaming_prob(features)
        if len(self._model._probabilities):  # noqa: SLF001 - empty between strides
            self._scores.append(float(score or 0.0))
        if len(self._scores) < self._profile.window:
            return 0.0
        return statistics.fmean(self._scores)

    def reset(self) -> None:
        """Forget what was heard, as before the first sample."""
        self._model.reset()
        self._features.reset()
        self._scores.clear()
        self._samples = 0
        self._deaf_until = 0
