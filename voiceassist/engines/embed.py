"""Sentence embeddings by a MiniLM in ONNX, on onnxruntime or OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceassist.engines.ports import Vectors
from voiceassist.engines.runtimes import Run

_MOST_TOKENS = 256  # what the model was trained on
_BATCH = 16


class MiniLm:
    """Mean-pooled, unit-length vectors. Thread-safe; texts are batched by length."""

    def __init__(
        self, run: Run, inputs: Sequence[str], tokenizer: Path, *, model: str, sha256: str
    ) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - runtimes load when made

        self._run = run
        self._inputs = tuple(inputs)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.enable_padding()
        self.model = model
        self.sha256 = sha256
        self.dimension = 384

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), float32, each of unit length."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(by_length), _BATCH):
            chosen = by_length[start : start + _BATCH]
            vectors[chosen] = self._embed_batch([texts[index] for index in chosen])
        return vectors

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._run({name: given[name] for name in self._inputs})[0]
        return _pooled(hidden, mask)


def _pooled(hidden: npt.NDArray[np.float32], mask: npt.NDArray[np.int64]) -> Vectors:
    """Mean over the tokens that are not padding, then unit length: (n, tokens, d) to (n, d)."""
    weight = mask[:, :, np.newaxis].astype(np.float32)
    mean = (hidden * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)
    norm = np.linalg.norm(mean, axis=1, keepdims=True)
    unit: Vectors = (mean / np.maximum(norm, 1e-12)).astype(np.float32)
    return unit
