"""The nearest passages by meaning: in memory where they fit, else in the file by sqlite-vec.

In memory is one product of a matrix and a vector, several times faster than sqlite-vec at any
size that fits; 100,000 passages of 384 parts take 150 MB.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from voiceassist.knowledge.packs import unit

IN_MEMORY = 100_000  # passages

_NEAREST = "SELECT rowid, distance FROM vectors WHERE embedding MATCH vec_int8(?) AND k = ?"


class Nearest(Protocol):
    """Cosines of passages with a query's unit vector, shape (dimension,)."""

    def nearest(self, vector: npt.NDArray[np.float32], count: int) -> dict[int, float]:
        """The `count` nearest passages and their cosines, the nearest first."""

    def likeness(self, passage: int, vector: npt.NDArray[np.float32]) -> float:
        """One passage's cosine."""


def open_vectors(connection: Any, passages: int, dimension: int) -> Nearest:
    """The vectors of an edition's file."""
    if passages > IN_MEMORY:
        return InFile(connection)
    return InMemory(connection, dimension)


class InMemory:
    """All vectors as one matrix."""

    def __init__(self, connection: Any, dimension: int) -> None:
        rows = connection.execute("SELECT rowid, embedding FROM vectors ORDER BY rowid").fetchall()
        self._numbers = np.array([row[0] for row in rows], dtype=np.int64)
        packed = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.int8)
        self._matrix = unit(packed.reshape(len(rows), dimension))

    def nearest(self, vector: npt.NDArray[np.float32], count: int) -> dict[int, float]:
        """The `count` nearest passages and their cosines, the nearest first."""
        cosines = self._matrix @ vector
        count = min(count, len(cosines))
        best = np.argpartition(-cosines, count - 1)[:count] if count else np.zeros(0, dtype=int)
        best = best[np.lexsort((best, -cosines[best]))]
        return {int(self._numbers[i]): float(cosines[i]) for i in best}

    def likeness(self, passage: int, vector: npt.NDArray[np.float32]) -> float:
        """One passage's cosine."""
        at = int(np.searchsorted(self._numbers, passage))
        return float(self._matrix[at] @ vector)


class InFile:
    """sqlite-vec's own search, for more vectors than the memory should hold."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def nearest(self, vector: npt.NDArray[np.float32], count: int) -> dict[int, float]:
        """The `count` nearest passages and their cosines, the nearest first."""
        direction = np.rint(vector / max(float(np.abs(vector).max()), 1e-9) * 127)
        data = direction.astype(np.int8).tobytes()
        return {row[0]: 1 - row[1] for row in self._connection.execute(_NEAREST, (data, count))}

    def likeness(self, passage: int, vector: npt.NDArray[np.float32]) -> float:
        """One passage's cosine."""
        (data,) = self._connection.execute(
            "SELECT embedding FROM vectors WHERE rowid = ?", (passage,)
        ).fetchone()
        row = unit(np.frombuffer(data, dtype=np.int8)[np.newaxis, :])[0]
        return float(row @ vector)
