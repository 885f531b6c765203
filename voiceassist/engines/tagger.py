"""The PHI tagger: a small BERT that marks names, numbers and places, token by token."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voiceassist.engines.ports import TaggedSpan
from voiceassist.engines.runtimes import load_onnxruntime

if TYPE_CHECKING:
    from tokenizers import Encoding

_MOST_TOKENS = 512


class RampartTagger:
    """BIO tags merged into spans; a span's score is the least of its tokens'. Thread-safe."""

    def __init__(self, folder: Path, *, model: str, threads: int) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - runtimes load when made

        self.model = model
        self._run, self._inputs = load_onnxruntime(folder / "model_q4.onnx", threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        labels = json.loads((folder / "config.json").read_text())["id2label"]
        self._labels = [labels[str(index)] for index in range(len(labels))]

    def tag(self, text: str) -> Sequence[TaggedSpan]:
        """The spans found, in order; a text beyond 512 tokens is read in windows."""
        spans: list[TaggedSpan] = []
        start = 0
        while start < len(text):
            encoded = self._tokenizer.encode(text[start:])
            ends = [end for _, end in encoded.offsets if end]
            if not ends:
                break
            reached = start + max(ends) if encoded.overflowing else len(text)
            spans += self._tag_window(encoded, start)
            start = max(reached, start + 1)
        return spans

    def _tag_window(self, encoded: Encoding, offset: int) -> list[TaggedSpan]:
        ids = np.array([encoded.ids], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        logits = self._run({name: given[name] for name in self._inputs})[0][0]
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = shifted / shifted.sum(axis=1, keepdims=True)
        best = scores.argmax(axis=1)
        found: list[tuple[str, int, int, list[float]]] = []
        for (start, end), label, row in zip(encoded.offsets, best, scores, strict=True):
            tag = self._labels[label]
            if tag == "O" or start == end:
                continue
            prefix, kind = tag.split("-", 1)
            last = found[-1] if found else None
            if (
                last
                and last[0] == kind
                and (prefix == "I" or start == last[2])
                and start - last[2] <= 1
            ):
                found[-1] = (kind, last[1], end, [*last[3], float(row[label])])
            else:
                found.append((kind, start, end, [float(row[label])]))
        return [
            TaggedSpan(kind, offset + start, offset + end, min(marks))
            for kind, start, end, marks in found
        ]
