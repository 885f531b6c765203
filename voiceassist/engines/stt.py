"""Speech to text by faster-whisper: one utterance, one pass, no fallback temperatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import SttProfile

_LEAST_SAMPLES = SAMPLE_RATE // 10
_LEAST_LOG_PROB = -1.0
_MOST_NO_SPEECH = 0.6
_HOP = 160  # samples from one frame of features to the next
_WINDOW = 3000  # frames that the encoder takes at once
_LEAST_CHANCE = 1e-12


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
        self._encode = self._model.encode
        self._model.encode = self._encode_and_keep
        self._heard: Samples | None = None  # last, and what the encoder made of it
        self._encoded: Any = None

    def transcribe(self, samples: Samples, *, prompt: str = "") -> Transcript:
        """What was said; empty text, confidence 0, where nobody spoke or too briefly to hear."""
        if len(samples) < _LEAST_SAMPLES or self._model is None:
            return Transcript(text="", confidence=0.0, no_speech=1.0)
        self._heard = samples
        segments, info = self._model.transcribe(
            _wave(samples),
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

    def score(self, samples: Samples, texts: Sequence[str], *, prompt: str = "") -> list[float]:
        """The log-probability of each of `texts`, were it what was said; highest is likeliest.

        What was transcribed last is not encoded again.
        """
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - runtimes load when made

        if self._model is None or not texts:
            return [-math.inf] * len(texts)
        if self._heard is not samples or self._encoded is None:
            self._listen(samples)
        inner = self._model.model
        tokens = Tokenizer(self._model.hf_tokenizer, inner.is_multilingual, "transcribe", "en")
        before = [tokens.sot_prev, *tokens.encode(f" {prompt}")] if prompt else []
        frames = min(len(samples) // _HOP, _WINDOW)
        spelled = [tokens.encode(f" {text.strip()}") for text in texts]
        found = inner.align(
            self._repeated(len(texts)), [*before, *tokens.sot_sequence], spelled,
            [frames] * len(texts),
        )  # fmt: skip
        chances = [np.maximum(one.text_token_probs, _LEAST_CHANCE) for one in found]
        return [float(np.log(one).sum()) for one in chances]

    def close(self) -> None:
        """Free the model."""
        self._model = self._encoded = None

    def _encode_and_keep(self, features: Any) -> Any:
        self._encoded = self._encode(features)
        return self._encoded

    def _listen(self, samples: Samples) -> None:
        features = self._model.feature_extractor(_wave(samples))[:, :_WINDOW]
        missing = _WINDOW - features.shape[1]
        self._model.encode(np.pad(features, ((0, 0), (0, missing))))
        self._heard = samples

    def _repeated(self, times: int) -> Any:
        import ctranslate2  # noqa: PLC0415 - runtimes load when made

        return ctranslate2.StorageView.from_array(np.repeat(np.array(self._encoded), times, axis=0))


def _wave(samples: Samples) -> npt.NDArray[np.float32]:
    return np.asarray(samples, dtype=np.float32) / np.float32(32768)
