"""Hybrid search in one edition: words and vectors, fused by rank.

Law: a `Library` reads one finished file from its first to its last query, so nobody sees a
mixture of editions. Thread-safe.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceassist.contract.edition import PackRef
from voiceassist.contract.knowledge import Passage
from voiceassist.engines.ports import Embedder
from voiceassist.errors import Unverified
from voiceassist.knowledge import database
from voiceassist.knowledge.drugs import most_named
from voiceassist.knowledge.packs import embedding_of
from voiceassist.knowledge.queries import Query, content_words, stem, understand
from voiceassist.knowledge.strength import Evidence, coverage, rarity, strength
from voiceassist.knowledge.vectors import open_vectors

_K = 60  # reciprocal rank fusion: Cormack, Clarke and Büttcher, 2009
_DEPTH = 50  # how far down each ranking is read, at least
_SAME = 2  # passages of one document among the best few, so that others are seen
_FEW = 10
_COUNTED = 2_000  # a term in more passages than this is common, however many more

_FIND_WORDS = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 1.5, 3, 1) LIMIT ?"
_HOLD_TERM = f"SELECT rowid FROM words WHERE words MATCH ? LIMIT {_COUNTED}"  # noqa: S608 - a constant
_READ = """
    SELECT p.id, d.document, d.version, d.title, p.place, p.start, p."end", d.specialty,
        substr(d.text, p.start + 1, p."end" - p.start) AS text
    FROM passages p JOIN documents d ON d.id = p.document WHERE p.id = ?
"""
_FIELDS = ("id", "document", "version", "title", "place", "start", "end", "specialty", "text")


@dataclass(frozen=True, slots=True)
class _Held:
    """Which passages and documents hold a term; `all` where they are too many to list."""

    weight: float
    passages: frozenset[int]
    documents: frozenset[int]
    all: bool


class Library:
    """One edition, open for search."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._connection = database.connect(path)
        with database.errors_named():
            manifest = database.manifest_in(self._connection)
            self._total = manifest.passages
            self.drug_names = most_named(database.drugs_in(self._connection))
            self._document_of = _documents_by_passage(self._connection)
            self._vectors = open_vectors(
                self._connection, self._total, manifest.embedding.dimension
            )
        if manifest.embedding != embedding_of(embedder):
            self._connection.close()
            raise Unverified(
                f"edition {manifest.version} was made with the embedding model"
                f" {manifest.embedding.model}; publish it with {embedder.model}"
            )
        self.manifest = manifest
        self.version = manifest.version

    def __repr__(self) -> str:
        return f"Library(version={self.version}, passages={self._total})"

    def find(self, query: str, limit: int = 5) -> list[Passage]:
        """The `limit` best passages for a spoken question, the best first."""
        asked = understand(query)
        if not asked.terms:
            return []
        vector = self._embedder.embed([asked.expanded])[0]
        depth = max(_DEPTH, limit)
        with self._lock, database.errors_named():
            by_words = self._by_words(asked, depth)
            by_vectors = self._vectors.nearest(vector, depth)
            scores = fuse([by_words, list(by_vectors)])
            ranked = sorted(scores, key=lambda one: (-scores[one], one))
            best = self._spread(ranked) if limit <= _FEW else ranked
            held = self._held(asked)
            cosines = {
                one: by_vectors.get(one) or self._vectors.likeness(one, vector)
                for one in best[:limit]
            }
            return [
                self._passage(one, scores[one], asked, held, cosine)
                for one, cosine in cosines.items()
            ]

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._connection.close()

    def packs(self) -> tuple[PackRef, ...]:
        """The packs that the edition was made from, ordered by document."""
        with self._lock, database.errors_named():
            return database.packs_in(self._connection)

    def document_text(self, document: str) -> str | None:
        """The stored text of a document, to show a quotation in its place."""
        with self._lock:
            row = self._connection.execute(
                "SELECT text FROM documents WHERE document = ?", (document,)
            ).fetchone()
        return None if row is None else str(row[0])

    def _by_words(self, asked: Query, depth: int) -> list[int]:
        return [row[0] for row in self._connection.execute(_FIND_WORDS, (asked.expression, depth))]

    def _spread(self, ranked: Iterable[int]) -> list[int]:
        seen: Counter[int] = Counter()
        chosen = []
        for one in ranked:
            document = int(self._document_of[one])
            seen[document] += 1
            if seen[document] <= _SAME:
                chosen.append(one)
        return chosen

    def _held(self, asked: Query) -> list[_Held]:
        held = []
        for term in asked.terms:
            rows = self._connection.execute(_HOLD_TERM, (term.expression,))
            passages = [row[0] for row in rows]
            documents = frozenset(self._document_of[passages].tolist())
            weight = rarity(len(passages), self._total, aspect=term.aspect)
            full = len(passages) == _COUNTED
            held.append(_Held(weight, frozenset(passages), documents, full))
        return held

    def _passage(
        self, number: int, score: float, asked: Query, held: Sequence[_Held], cosine: float
    ) -> Passage:
        row = self._connection.execute(_READ, (number,)).fetchone()
        found = dict(zip(_FIELDS, row, strict=True))
        document = int(self._document_of[number])
        weights = [term.weight for term in held]
        evidence = Evidence(
            cosine,
            coverage(weights, [term.all or number in term.passages for term in held]),
            coverage(weights, [term.all or document in term.documents for term in held]),
            _title_share(asked, weights, found["title"]),
        )
        return Passage(**found, score=score, strength=strength(evidence))


def _title_share(asked: Query, weights: Sequence[float], title: str) -> float:
    stems = {stem(word) for word in content_words(title)}
    topics = [
        (weight, term.is_in(stems))
        for weight, term in zip(weights, asked.terms, strict=True)
        if not term.aspect
    ]
    return coverage([weight for weight, _ in topics], [is_in for _, is_in in topics])


def fuse(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """Reciprocal rank fusion of rankings, best first, to scores."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (_K + rank)
    return scores


def _documents_by_passage(connection: Any) -> npt.NDArray[np.int32]:
    """The document of each passage, by the passage's number."""
    rows = connection.execute("SELECT id, document FROM passages").fetchall()
    documents = np.zeros(max((row[0] for row in rows), default=0) + 1, dtype=np.int32)
    for passage, document in rows:
        documents[passage] = document
    return documents
