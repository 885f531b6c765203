"""Hybrid search in one edition: words and vectors, fused by rank.

Law: a `Library` reads one finished file from its first to its last query, so nobody sees a
mixture of editions. Thread-safe.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voiceassist.contract.knowledge import Passage
from voiceassist.engines.ports import Embedder
from voiceassist.errors import Unverified
from voiceassist.knowledge import database
from voiceassist.knowledge.packs import embedding_of
from voiceassist.knowledge.queries import Query, match_expression, understand
from voiceassist.knowledge.strength import Evidence, coverage, rarity, strength

_K = 60  # reciprocal rank fusion: Cormack, Clarke and Büttcher, 2009
_DEPTH = 50  # how far down each ranking is read
_TITLE, _PLACE, _BODY = 3.0, 2.0, 1.0  # what a word weighs where it stands
_COUNTED = 2_000  # a term in more passages than this is common, however many more

_FIND_WORDS = f"""
    SELECT w.rowid FROM words w JOIN passages p ON p.id = w.rowid
    JOIN documents d ON d.id = p.document
    WHERE words MATCH ? AND NOT d.hidden
    ORDER BY bm25(words, {_TITLE}, {_PLACE}, {_BODY}) LIMIT {_DEPTH}
"""  # noqa: S608 - constants of this module
_FIND_VECTORS = f"""
    SELECT v.rowid, v.distance FROM
        (SELECT rowid, distance FROM vectors
         WHERE embedding MATCH vec_int8(?) AND k = {_DEPTH}) v
    JOIN passages p ON p.id = v.rowid JOIN documents d ON d.id = p.document
    WHERE NOT d.hidden ORDER BY v.distance
"""  # noqa: S608 - constants of this module
_READ = """
    SELECT p.id, d.document, d.version, d.title, p.place, w.body, p.start, p."end", d.specialty
    FROM passages p JOIN documents d ON d.id = p.document JOIN words w ON w.rowid = p.id
    WHERE p.id = ?
"""


@dataclass(frozen=True, slots=True)
class _Term:
    expression: str
    weight: float


class Library:
    """One edition, open for search."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._connection = database.connect(path)
        with database.errors_named():
            manifest = database.manifest_in(self._connection)
            self._total = self._connection.execute("SELECT count(*) FROM passages").fetchone()[0]
        if manifest.embedding != embedding_of(embedder):
            self._connection.close()
            raise Unverified(
                f"edition {manifest.version} was made with the embedding model"
                f" {manifest.embedding.model}; publish it with {embedder.model}"
            )
        self.manifest = manifest
        self.version = manifest.version
        self.drug_names = manifest.drug_names

    def __repr__(self) -> str:
        return f"Library(version={self.version}, passages={self._total})"

    def find(self, query: str, limit: int = 5) -> list[Passage]:
        """The `limit` best passages for a spoken question, the best first."""
        asked = understand(query)
        if not asked.terms:
            return []
        vector = self._embedder.embed([asked.expanded])[0]
        with self._lock, database.errors_named():
            by_words = self._by_words(asked)
            by_vectors = self._by_vectors(vector)
            scores = fuse([by_words, list(by_vectors)])
            best = sorted(scores, key=lambda one: (-scores[one], one))[:limit]
            terms = self._weigh(asked)
            return [self._passage(one, scores[one], terms, by_vectors, vector) for one in best]

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._connection.close()

    def document_text(self, document: str) -> str | None:
        """The stored text of a document, to show a quotation in its place."""
        with self._lock:
            row = self._connection.execute(
                "SELECT text FROM documents WHERE document = ?", (document,)
            ).fetchone()
        return None if row is None else str(row[0])

    def _by_words(self, asked: Query) -> list[int]:
        expression = match_expression(asked)
        return [row[0] for row in self._connection.execute(_FIND_WORDS, (expression,))]

    def _by_vectors(self, vector: Any) -> dict[int, float]:
        direction = np.rint(vector / max(float(np.abs(vector).max()), 1e-9) * 127)
        rows = self._connection.execute(_FIND_VECTORS, (direction.astype(np.int8).tobytes(),))
        return {row[0]: 1.0 - row[1] for row in rows}

    def _weigh(self, asked: Query) -> list[_Term]:
        terms = []
        for part in (*asked.terms, *asked.phrases):
            expression = '"' + part + '"'
            (count,) = self._connection.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT {_COUNTED})",  # noqa: S608 - a constant
                (expression,),
            ).fetchone()
            terms.append(_Term(expression, rarity(count, self._total)))
        return terms

    def _passage(
        self, number: int, score: float, terms: list[_Term], near: dict[int, float], vector: Any
    ) -> Passage:
        row = self._connection.execute(_READ, (number,)).fetchone()
        cosine = near[number] if number in near else self._cosine(number, vector)
        share, rarest = coverage([t.weight for t in terms], self._found(number, terms))
        names = ("id", "document", "version", "title", "place", "text", "start", "end", "specialty")
        return Passage(
            **dict(zip(names, row, strict=True)),
            score=score,
            strength=strength(Evidence(cosine, share, rarest)),
        )

    def _cosine(self, number: int, vector: Any) -> float:
        (data,) = self._connection.execute(
            "SELECT embedding FROM vectors WHERE rowid = ?", (number,)
        ).fetchone()
        row = np.frombuffer(data, dtype=np.int8).astype(np.float32)
        return float(row @ vector / max(float(np.linalg.norm(row)), 1e-9))

    def _found(self, number: int, terms: list[_Term]) -> list[bool]:
        match = "SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?"
        return [
            self._connection.execute(match, (term.expression, number)).fetchone() is not None
            for term in terms
        ]


def fuse(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """Reciprocal rank fusion of rankings, best first, to scores."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1 / (_K + rank)
    return scores
