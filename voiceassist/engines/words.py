"""A small BERT that tells of each word of a sentence what kind of identifier it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceassist.engines.runtimes import Tensors, load_onnxruntime

_MOST_PIECES = 256  # some ten times a spoken question
_OVERLAP = 16  # words that two windows share, so that each is seen with what stands around it

Array = npt.NDArray[np.float32]


class WordPieceClassifier:
    """An ONNX file that takes piece ids and a row of features a piece. Thread-safe."""

    def __init__(self, folder: Path, *, model: str, threads: int) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - runtimes load when made

        self.model = model
        self._run, _ = load_onnxruntime(folder / "model.onnx", threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._first = self._tokenizer.token_to_id("[CLS]")
        self._last = self._tokenizer.token_to_id("[SEP]")
        config = json.loads((folder / "config.json").read_text())
        self.kinds: tuple[str, ...] = tuple(config["kinds"])
        self.operating_point = float(config["operating_point"])

    def classify(self, words: Sequence[str], known: Array) -> Array:
        """Probabilities (words, kinds); a word is as suspicious as its most suspicious piece."""
        pieces = [one.ids for one in self._tokenizer.encode_batch(words, add_special_tokens=False)]
        chances = np.zeros((len(words), len(self.kinds)), dtype=np.float32)
        chances[:, 0] = 1.0
        for start, end in _windows(pieces):
            for at, row in self._window(pieces[start:end], known[start:end]):
                if row[0] < chances[start + at, 0]:
                    chances[start + at] = row
        return chances

    def _window(self, pieces: list[list[int]], known: Array) -> Iterator[tuple[int, Array]]:
        of_piece = [at for at, ids in enumerate(pieces) for _ in ids]
        ids = [self._first, *(piece for ids in pieces for piece in ids), self._last]
        marked = np.zeros((1, len(ids), known.shape[1]), dtype=np.float32)
        marked[0, 1:-1] = known[of_piece]
        given: Tensors = {"input_ids": np.array([ids], dtype=np.int64), "known": marked}
        logits = self._run(given)[0][0][1:-1]
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        yield from zip(of_piece, raised / raised.sum(axis=1, keepdims=True), strict=True)


def _windows(pieces: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Stretches of words that fit the network, overlapping; a single word always fits."""
    start = 0
    while start < len(pieces):
        end, held = start, 0
        while end < len(pieces) and (end == start or held + len(pieces[end]) <= _MOST_PIECES):
            held += len(pieces[end])
            end += 1
        yield start, end
        if end == len(pieces):
            return
        start = max(start + 1, end - _OVERLAP)
