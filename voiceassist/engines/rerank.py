"""A cross-encoder in ONNX: reads a question and a text together and scores how they fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceassist.engines.runtimes import Run

_MOST_TOKENS = 512  # of question and text, what such models were trained on
_BATCH = 8


class CrossEncoder:
    """One logit a pair, as sentence-transformers' cross-encoders are exported. Thread-safe."""

    def __init__(self, run: Run, inputs: Sequence[str], tokenizer: Path, *, model: str) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - runtimes load when made

        self._run = run
        self._inputs = tuple(inputs)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(_MOST_TOKENS, strategy="only_second")
        self._tokenizer.enable_padding()
        self.model = model

    def rerank(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Scores 0 to 1, shape (len(texts),), in the texts' order."""
        logits = np.zeros(len(texts), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(by_length), _BATCH):
            chosen = by_length[start : start + _BATCH]
            logits[chosen] = self._score([(query, texts[index]) for index in chosen])
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def _score(self, pairs: list[tuple[str, str]]) -> npt.NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(pairs)
        given = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
            "token_type_ids": np.array([one.type_ids for one in encoded], dtype=np.int64),
        }
        return self._run({name: given[name] for name in self._inputs})[0].reshape(len(pairs))
