"""Search measured at size: time without the question's embedding, recall, memory, building."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceassist.contract.edition import PackRef
from voiceassist.engines.ports import Embedder, Vectors
from voiceassist.knowledge.editions import database
from voiceassist.knowledge.editions.packs import PackContent
from voiceassist.knowledge.editions.store import make_manifest
from voiceassist.knowledge.measuring.measure import percentiles
from voiceassist.knowledge.measuring.synthetic import PER_DOCUMENT, Model, make, model_of, refs
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.search.vectors import Vector

QUESTIONS = 300
_TOP = 10
_TOGETHER = 400  # documents whose vectors are compared with the questions at once
_WARM = 20

Clock = Callable[[], float]


class Remembering:
    """An embedder that embeds each text once, so that a second search takes no time for it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vector] = {}
        self.model = embedder.model
        self.sha256 = embedder.sha256
        self.dimension = embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), float32, each of unit length."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= dict(zip(new, self._embedder.embed(new), strict=True)) if new else {}
        return np.stack([self._known[text] for text in texts])


class _Truth:
    """The ten nearest passages of each question among all vectors seen, as floats."""

    def __init__(self, questions: Vectors) -> None:
        self._questions = questions
        self._cosines = np.full((len(questions), _TOP), -2, dtype=np.float32)
        self.nearest = np.zeros((len(questions), _TOP), dtype=np.int64)

    def see(self, first: int, vectors: npt.NDArray[np.float32]) -> None:
        """Passages numbered from `first`."""
        cosines = np.hstack((self._cosines, self._questions @ vectors.T))
        numbers = np.broadcast_to(
            np.arange(first, first + len(vectors)), (len(cosines), len(vectors))
        )
        numbers = np.hstack((self.nearest, numbers))
        best = np.argpartition(-cosines, _TOP - 1, axis=1)[:, :_TOP]
        self._cosines = np.take_along_axis(cosines, best, axis=1)
        self.nearest = np.take_along_axis(numbers, best, axis=1)


def model(library: Library) -> Model:
    """A real library to make others of."""
    return library.read(lambda connection: model_of(connection, library.manifest.embedding))


def embedding_ms(embedder: Embedder, questions: Sequence[str], clock: Clock) -> dict[str, Any]:
    """How long one question takes to embed."""
    embedder.embed(questions[:_WARM])
    return percentiles(_timed(lambda one: embedder.embed([one]), questions, clock))


def questions_of(model: Model, size: int, seed: int) -> list[str]:
    """Questions on documents spread over the library of that size."""
    total = len(refs(size))
    count = min(QUESTIONS, total)
    numbers = [at * total // count for at in range(count)]
    return list(dict.fromkeys(make(model, number, seed).question for number in numbers))


def measure(
    model: Model, embedder: Embedder, size: int, seed: int, path: Path, clock: Clock
) -> dict[str, Any]:
    """The figures of a library of `size` passages, made in the file `path`."""
    questions = questions_of(model, size, seed)
    vectors = embedder.embed(questions)
    remembering = Remembering(embedder)
    begun = clock()
    truth = _Truth(vectors)
    _make(model, size, seed, path, truth)
    built, before = clock(), _resident()
    library = Library(path, remembering)
    opened = clock()
    _timed(library.find, questions, clock)
    used = time.process_time()
    times = _timed(library.find, questions, clock)
    used = time.process_time() - used
    figures = {
        "passages": len(refs(size)) * PER_DOCUMENT,
        "questions": len(times),
        **percentiles(times),
        "cpu_mean_ms": round(used * 1000 / len(times), 2),
        "recall_at_10": _recall(library, vectors, truth),
        "longest_while_opening_ms": _while_opening(library, path, remembering, questions, clock),
        "memory_mb": round((_resident() - before) / 1e6, 1),
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "build_s": round(built - begun, 1),
        "open_s": round(opened - built, 2),
    }
    library.close()
    return figures


def _recall(library: Library, vectors: Vectors, truth: _Truth) -> float:
    found = [
        len(set(library.nearest(vector, _TOP)) & set(wanted.tolist())) / _TOP
        for vector, wanted in zip(vectors, truth.nearest, strict=True)
    ]
    return round(float(np.mean(found)), 4)


def _make(model: Model, size: int, seed: int, path: Path, truth: _Truth) -> None:
    wanted = refs(size)

    def packs() -> Iterator[tuple[PackRef, PackContent]]:
        for first in range(0, len(wanted), _TOGETHER):
            last = min(first + _TOGETHER, len(wanted))
            group = [make(model, number, seed) for number in range(first, last)]
            truth.see(first * PER_DOCUMENT + 1, np.concatenate([m.vectors for m in group]))
            for one in group:
                yield one.ref, one.content

    connection = database.connect(path, write=True)
    try:
        database.create(connection, model.embedding.dimension)
        manifest = make_manifest(
            wanted,
            clinic="bench",
            version=1,
            created_s=0,
            expires_s=1,
            keys=1,
            embedding=model.embedding,
        )
        database.apply(connection, manifest, wanted, packs())
    finally:
        connection.close()


def _timed(call: Callable[[str], Any], texts: Iterable[str], clock: Clock) -> list[float]:
    times = []
    for text in texts:
        begun = clock()
        call(text)
        times.append((clock() - begun) * 1000)
    return times


def _while_opening(
    library: Library, path: Path, embedder: Embedder, questions: Sequence[str], clock: Clock
) -> float:
    """The longest that a question took while the file was opened once more beside it."""
    opening = threading.Thread(target=lambda: Library(path, embedder).close())
    times: list[float] = []
    opening.start()
    while opening.is_alive() or not times:
        times += _timed(library.find, [questions[len(times) % len(questions)]], clock)
    opening.join()
    return round(max(times), 2)


def _resident() -> int:
    """Bytes of memory that this process holds; 0 where the system doesn't tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * 4096
