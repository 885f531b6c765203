"""The nearest passages by meaning, all in memory: a matrix, or above `EXACT` a two-stage scan.

The scan keeps each vector's signs (48 bytes of 384 parts) beside its int8 direction. It counts
the signs that differ from the question's, in every passage, and takes the exact cosine of the
few hundred to thousand that differ least. There is nothing to build and nothing to go stale;
docs/adr/0008 holds what it measured.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from voiceassist.knowledge.editions.packs import Directions, unit

EXACT = 5_000  # passages up to which one product of a matrix and a vector is fast enough

_RESCORED = 2_000  # of the scan's passages, and half as many again for each million
_SAMPLE = 50_000  # vectors that tell where to cut
_BLOCK = 65_536  # passages counted at a time, so that what is counted stays in the cache
_READ_CHUNKS = """
    SELECT c.rowids, c.validity, v.vectors FROM vectors_chunks c
    JOIN vectors_vector_chunks00 v ON v.rowid = c.chunk_id ORDER BY c.chunk_id
"""

Vector: TypeAlias = npt.NDArray[np.float32]  # shape (dimension,), unit length
Mask: TypeAlias = npt.NDArray[np.bool_]  # by passage number: whether it may be found


class Nearest(Protocol):
    """Cosines of passages with a question's vector."""

    def nearest(self, vector: Vector, count: int, allowed: Mask | None = None) -> dict[int, float]:
        """The `count` nearest passages and their cosines, the nearest first."""

    def likeness(self, passages: npt.NDArray[np.int64], vector: Vector) -> Vector:
        """The cosines of some passages, in their order."""


def open_vectors(connection: Any, dimension: int) -> Nearest:
    """The vectors of an edition's file."""
    numbers, directions = read(connection, dimension)
    if len(numbers) > EXACT:
        return Scan(numbers, directions)
    return Exact(numbers, directions)


def read(connection: Any, dimension: int) -> tuple[npt.NDArray[np.int64], Directions]:
    """All passages' numbers, rising, and directions (passages, dimension).

    They are read by the thousand, as sqlite-vec keeps them: a row at a time would take the
    interpreter from the questions that are asked meanwhile.
    """
    numbers, directions = [], []
    for rowids, validity, vectors in connection.execute(_READ_CHUNKS):
        held = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little").astype(bool)
        numbers.append(np.frombuffer(rowids, np.int64)[held])
        directions.append(np.frombuffer(vectors, np.int8).reshape(-1, dimension)[held])
    if not numbers:
        return np.zeros(0, np.int64), np.zeros((0, dimension), np.int8)
    order = np.argsort(found := np.concatenate(numbers), kind="stable")
    return found[order], np.concatenate(directions)[order]


class Exact:
    """All vectors as one matrix of floats."""

    def __init__(self, numbers: npt.NDArray[np.int64], directions: Directions) -> None:
        self._numbers = numbers
        self._matrix = unit(directions)

    def nearest(self, vector: Vector, count: int, allowed: Mask | None = None) -> dict[int, float]:
        """The `count` nearest passages and their cosines, the nearest first."""
        cosines = _products(self._matrix, vector)
        if allowed is None:
            return _best(self._numbers, cosines, count)
        may = allowed[self._numbers]
        return _best(self._numbers[may], cosines[may], count)

    def likeness(self, passages: npt.NDArray[np.int64], vector: Vector) -> Vector:
        """The cosines of some passages, in their order."""
        return _products(self._matrix[np.searchsorted(self._numbers, passages)], vector)


class Scan:
    """The signs of all vectors, scanned, then the exact cosines of those that agree most."""

    def __init__(self, numbers: npt.NDArray[np.int64], directions: Directions) -> None:
        self._numbers = numbers
        self._directions = directions
        self._lengths = _lengths(directions)
        self._codes = np.empty((_words(directions.shape[1]), len(numbers)), np.uint64)
        for start in range(0, len(numbers), _BLOCK):
            part = directions[start : start + _BLOCK]
            self._codes[:, start : start + _BLOCK] = _signs(part).T

    def nearest(self, vector: Vector, count: int, allowed: Mask | None = None) -> dict[int, float]:
        """The `count` nearest passages and their cosines, the nearest first."""
        apart = self._differences(_signs(vector[np.newaxis, :])[0])
        if allowed is not None:
            apart[~allowed[self._numbers]] = np.iinfo(np.uint16).max
        rescored = max(count, _RESCORED + _RESCORED * len(apart) // 2_000_000)
        within = np.flatnonzero(apart <= _cut(apart, rescored))
        if allowed is not None:
            within = within[allowed[self._numbers[within]]]
        return _best(self._numbers[within], self._cosines(within, vector), count)

    def likeness(self, passages: npt.NDArray[np.int64], vector: Vector) -> Vector:
        """The cosines of some passages, in their order."""
        return self._cosines(np.searchsorted(self._numbers, passages), vector)

    def _differences(self, code: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
        """How many signs of each vector differ from `code`, by Hamming's count."""
        apart = np.empty(self._codes.shape[1], np.uint16)
        differ = np.empty(_BLOCK, np.uint64)
        count = np.empty(_BLOCK, np.uint8)
        for start in range(0, len(apart), _BLOCK):
            block = apart[start : start + _BLOCK]
            size = len(block)
            block[:] = 0
            for row, word in zip(self._codes, code, strict=True):
                np.bitwise_xor(row[start : start + size], word, out=differ[:size])
                np.bitwise_count(differ[:size], out=count[:size])
                np.add(block, count[:size], out=block)
        return apart

    def _cosines(self, at: npt.NDArray[np.int64], vector: Vector) -> Vector:
        return _products(self._directions[at].astype(np.float32), vector) / self._lengths[at]


def _products(rows: Vector, vector: Vector) -> Vector:
    """Of each row with `vector`; not by BLAS, whose threads cost more than so few rows gain."""
    products: Vector = np.einsum("ij,j->i", rows, vector)
    return products


def _lengths(directions: Directions) -> Vector:
    parts = range(0, len(directions), _BLOCK)
    squares = [np.square(directions[at : at + _BLOCK], dtype=np.int32).sum(axis=1) for at in parts]
    lengths: Vector = np.maximum(np.sqrt(np.concatenate(squares)), 1e-9).astype(np.float32)
    return lengths


def _words(dimension: int) -> int:
    return -(-dimension // 64)


def _signs(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """The signs of vectors (n, dimension), 64 to a word: (n, words)."""
    bits = np.zeros((len(rows), _words(rows.shape[1]) * 64), np.bool_)
    bits[:, : rows.shape[1]] = rows > 0
    return np.packbits(bits, axis=1).view(np.uint64)


def _cut(apart: npt.NDArray[np.uint16], count: int) -> int:
    """The difference within which some `count` vectors lie, told from every so many of them."""
    some = apart[:: max(1, len(apart) // _SAMPLE)]
    at = min(len(some) - 1, count * len(some) // len(apart))
    return int(np.partition(some, at)[at])


def _best(numbers: npt.NDArray[np.int64], cosines: Vector, count: int) -> dict[int, float]:
    count = min(count, len(cosines))
    if not count:
        return {}
    best = np.argpartition(-cosines, count - 1)[:count]
    best = best[np.lexsort((numbers[best], -cosines[best]))]
    return dict(zip(numbers[best].tolist(), cosines[best].tolist(), strict=True))
