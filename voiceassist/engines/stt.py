"""Speech to text by faster-whisper: one utterance, one pass, no fallback temperatures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import SttProfile

_LEAST_SAMPLES = SAMPLE_RATE // 10
_LEAST_LOG_PROB = -1.0
_MOST_NO_SPEECH = 0.6


class Whisper:
    """Recognises English. `prompt` biases towards the words it holds."""

    def __init__(self, folder: Path, profile: SttProfile) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - runtimes load when made

        self._profile = profile
        self._model = WhisperModel(
            str(folder),
            device=profile.device,
            compute_type=profile.compute,
            cpu_threads=profile.threads,
            local_files_only=True,
        )

    def transcribe(self, samples: Samples, *, prompt: str = "") -> Transcript:
        """What was said; empty text, confidence 0, where nobody spoke or too briefly to hear."""
        if len(samples) < _LEAST_SAMPLES or self._model is None:
            return Transcript(text="", confidence=0.0, no_speech=1.0)
        segments, info = self._model.transcribe(
            samples.astype(np.float32) / 32768,
            language="en",
            beam_size=self._profile.beam,
            temperature=0.0,
            initial_prompt=prompt or None,
            condition_on_previous_text=False,
            without_timestamps=True,
            compression_ratio_threshold=None,
            # Whisper's own two figures together: text made up from silence fails both
            log_prob_threshold=_LEAST_LOG_PROB,
            no_speech_threshold=_MOST_NO_SPEECH,
        )
        heard = list(segments)
        if not heard:
            return Transcript(text="", confidence=0.0, no_speech=1.0, language=info.language)
        weights = [max(len(one.tokens), 1) for one in heard]
        mean = np.average([one.avg_logprob for one in heard], weights=weights)
        return Transcript(
            text=" ".join(one.text.strip() for one in heard).strip(),
            confidence=math.exp(min(float(mean), 0.0)),
            no_speech=max(float(one.no_speech_prob) for one in heard),
            language=info.language,
        )

    def close(self) -> None:
        """Free the model."""
        self._model = None
