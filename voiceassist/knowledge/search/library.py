"""Hybrid search in one edition: words and vectors, fused by score.

Law: a `Library` reads one finished file from its first to its last query, so nobody sees a
mixture of editions. Thread-safe.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from voiceassist.contract.edition import PackRef
from voiceassist.contract.knowledge import Passage
from voiceassist.engines.ports import Embedder, Reranker
from voiceassist.errors import Unverified
from voiceassist.knowledge.documents.model import Info
from voiceassist.knowledge.editions import database
from voiceassist.knowledge.editions.packs import embedding_of
from voiceassist.knowledge.search.filters import Filters, mask
from voiceassist.knowledge.search.fusion import fuse
from voiceassist.knowledge.search.lexicon import Lexicon, Near, Weighed, affordable, mended
from voiceassist.knowledge.search.strength import Evidence, coverage, rarity, strength, usual
from voiceassist.knowledge.search.vectors import Mask, Vector, open_vectors
from voiceassist.knowledge.text.drugs import most_named
from voiceassist.knowledge.text.queries import Term, understand

T = TypeVar("T")

_DEPTH = 200  # how far down each ranking is read, at least
_SAME = 2  # passages of one document among the best few, so that others are seen
_FEW = 10
_MISHEARD, _MISHEARD_DRUG = 0.9, 0.6  # what strength keeps where a word was taken for another
_UNSURE = 0.6  # how much of a word that was taken for another counts as lacking, nevertheless
_RERANKED = 20
_MASKS = 8  # filters whose masks are kept
_EVERY = -1  # no limit, as SQLite says it
_AGREEING = 5  # of the best passages, how many are of one document
_DEEPER = 3  # passages read for each document that is ranked

_FIND_WORDS = """
    SELECT rowid, -bm25(words, 1.5, 3, 1) AS score FROM words WHERE words MATCH ?
    ORDER BY score DESC LIMIT ?
"""
_HOLDING = "SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"
_READ = """
    SELECT p.id, d.document, d.version, d.title, p.place, p.start, p."end", d.specialty,
        substr(d.text, p.start + 1, p."end" - p.start) AS text
    FROM passages p JOIN documents d ON d.id = p.document WHERE p.id = ?
"""
_FIELDS = ("id", "document", "version", "title", "place", "start", "end", "specialty", "text")
_ALL = Filters()
_DOCUMENTS = """
    SELECT d.document, d.info, min(p.id), max(p.id) FROM documents d
    JOIN passages p ON p.document = d.id GROUP BY d.id ORDER BY min(p.id)
"""


@dataclass(frozen=True, slots=True)
class _Documents:
    """The documents that have passages: names, what is known of them, their passages' numbers.

    A document's passages are numbered `first` to `last`; `of` is the place of its document for
    each passage's number.
    """

    names: list[str]
    infos: list[Info]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    of: npt.NDArray[np.int32]


class Library:
    """One edition, open for search."""

    def __init__(self, path: Path, embedder: Embedder, reranker: Reranker | None = None) -> None:
        self._embedder = embedder
        self._reranker = reranker
        self._lock = threading.Lock()
        self._connection = database.connect(path)
        with database.errors_named():
            manifest = database.manifest_in(self._connection)
            self._total = manifest.passages
            self.drug_names = most_named(database.drugs_in(self._connection))
            self._documents = _read_documents(self._connection)
            self._masks: dict[Filters, Mask | None] = {}
            self._lexicon = Lexicon(self._connection, self.drug_names)
            self._vectors = open_vectors(self._connection, manifest.embedding.dimension)
        if manifest.embedding != embedding_of(embedder):
            self._connection.close()
            raise Unverified(
                f"edition {manifest.version} was made with the embedding model"
                f" {manifest.embedding.model}; publish it with {embedder.model}"
            )
        self.manifest = manifest
        self.version = manifest.version
        self.state_root = manifest.state_root

    def __repr__(self) -> str:
        return f"Library(version={self.version}, passages={self._total})"

    def find(self, query: str, limit: int = 5, filters: Filters = _ALL) -> list[Passage]:
        """The `limit` best passages for a spoken question, the best first."""
        asked = self._understand(query)
        if not asked.weighed:
            return []
        vector = self._embedder.embed([asked.expanded])[0]
        with self._lock, database.errors_named():
            ranking = self._rank(asked, vector, max(_DEPTH, limit), filters)
        ranking = self._reranked(query, ranking)
        with self._lock, database.errors_named():
            best = self._spread(ranking.scores) if limit <= _FEW else iter(ranking.scores)
            return [self._passage(one, ranking, asked) for one in islice(best, limit)]

    def rank(self, query: str, limit: int = 100, filters: Filters = _ALL) -> list[str]:
        """The `limit` best documents by their best passages, the best first."""
        asked = self._understand(query)
        if not asked.weighed:
            return []
        vector = self._embedder.embed([asked.expanded])[0]
        with self._lock, database.errors_named():
            ranking = self._rank(asked, vector, max(_DEPTH, _DEEPER * limit), filters)
        ranking = self._reranked(query, ranking)
        places = dict.fromkeys(int(self._documents.of[one]) for one in ranking.scores)
        return [self._documents.names[place] for place in places][:limit]

    def nearest(self, vector: Vector, count: int) -> list[int]:
        """The numbers of the passages nearest to `vector` by meaning alone, nearest first."""
        return list(self._vectors.nearest(vector, count))

    def read(self, reading: Callable[[Any], T]) -> T:
        """What `reading` makes of the edition's connection, which it must only read."""
        with self._lock, database.errors_named():
            return reading(self._connection)

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

    def _understand(self, query: str) -> _Asked:
        """What is asked, in the words of this edition."""
        asked = understand(query)
        with self._lock, database.errors_named():
            weighed = self._lexicon.weigh(asked.terms)
            nears = self._lexicon.mend(asked, weighed)
        expanded = " ".join([asked.expanded, *(f"({near.meant})" for near in nears)])
        return _Asked(mended(weighed, nears), tuple(nears), expanded)

    def _rank(self, asked: _Asked, vector: Vector, depth: int, filters: Filters) -> _Ranking:
        """All passages that words or meaning bring among the best `depth`, the best first."""
        allowed = self._allowed(filters)
        by_words = self._by_words(affordable(asked.weighed), depth, allowed)
        cosines = self._vectors.nearest(vector, depth, allowed)
        others = np.array([one for one in by_words if one not in cosines], dtype=np.int64)
        likeness = self._vectors.likeness(others, vector)
        cosines |= dict(zip(others.tolist(), likeness.tolist(), strict=True))
        scores = fuse(by_words, cosines)
        ranked = sorted(scores, key=lambda one: (-scores[one], one))
        return _Ranking({one: scores[one] for one in ranked}, cosines, usual(cosines.values()))

    def _reranked(self, query: str, ranking: _Ranking) -> _Ranking:
        """The best in the reranker's order, above the others; outside the lock, as it is slow."""
        if self._reranker is None or not ranking.scores:
            return ranking
        best = list(islice(self._spread(ranking.scores), _RERANKED))
        with self._lock, database.errors_named():
            read = [self._connection.execute(_READ, (one,)).fetchone() for one in best]
        rows = [dict(zip(_FIELDS, row, strict=True)) for row in read]
        texts = [f"{row['title']}. {' '.join(row['text'].split())}" for row in rows]
        anew = self._reranker.rerank(query, texts)
        scores = {one: score / 2 for one, score in ranking.scores.items()}
        scores |= {one: (1 + float(s)) / 2 for one, s in zip(best, anew, strict=True)}
        ranked = sorted(scores, key=lambda one: (-scores[one], one))
        return replace(ranking, scores={one: scores[one] for one in ranked})

    def _by_words(
        self, terms: Sequence[Term], depth: int, allowed: Mask | None
    ) -> dict[int, float]:
        if not terms:
            return {}
        expression = " OR ".join(term.expression for term in terms)
        if allowed is None:
            return dict(self._connection.execute(_FIND_WORDS, (expression, depth)))
        rows = self._connection.execute(_FIND_WORDS, (expression, _EVERY))
        return dict(islice((row for row in rows if allowed[row[0]]), depth))

    def _allowed(self, filters: Filters) -> Mask | None:
        if filters not in self._masks:
            while len(self._masks) >= _MASKS:
                self._masks.pop(next(iter(self._masks)))
            self._masks[filters] = mask(filters, self._documents.infos, self._documents.of)
        return self._masks[filters]

    def _spread(self, ranked: Iterable[int]) -> Iterator[int]:
        seen: Counter[int] = Counter()
        for one in ranked:
            document = int(self._documents.of[one])
            seen[document] += 1
            if seen[document] <= _SAME:
                yield one

    def _passage(self, number: int, ranking: _Ranking, asked: _Asked) -> Passage:
        row = self._connection.execute(_READ, (number,)).fetchone()
        found = dict(zip(_FIELDS, row, strict=True))
        terms = [one.term for one in asked.weighed]
        weights = [rarity(w.passages, self._total, aspect=w.term.aspect) for w in asked.weighed]
        place = int(self._documents.of[number])
        holding = self._holding(place, terms, ranking.holding)
        best = [int(self._documents.of[one]) for one in islice(ranking.scores, _AGREEING)]
        unsure = [_UNSURE * rarity(0, self._total)] * len(asked.nears)
        if all(term.aspect for term in terms):  # "what's seventeen times twenty three"
            unsure.append(rarity(0, self._total))
        lacking = [False] * len(unsure)
        evidence = Evidence(
            ranking.cosines[number],
            ranking.cosines[number] - ranking.usual,
            coverage(weights + unsure, [number in one for one in holding] + lacking),
            coverage(weights + unsure, [bool(one) for one in holding] + lacking),
            best.count(place) / len(best),
        )
        return Passage(
            **found,
            score=ranking.scores[number],
            strength=strength(evidence) * asked.doubt(),
            taken_for=tuple(f"{' '.join(near.heard)}: {near.meant}" for near in asked.nears),
        )

    def _holding(
        self, place: int, terms: Sequence[Term], known: dict[int, list[set[int]]]
    ) -> list[set[int]]:
        """For each term, the passages of a document that hold it; `known` keeps what was read."""
        if place not in known:
            span = (int(self._documents.first[place]), int(self._documents.last[place]))
            known[place] = [
                {row[0] for row in self._connection.execute(_HOLDING, (term.expression, *span))}
                for term in terms
            ]
        return known[place]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question's terms as this edition knows them, what stands in for words it lacks."""

    weighed: list[Weighed]
    nears: tuple[Near, ...]
    expanded: str

    def doubt(self) -> float:
        """What strength is multiplied by: less where words were taken for others."""
        return math.prod(_MISHEARD_DRUG if near.drug else _MISHEARD for near in self.nears)


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Passages' scores, the best first, cosines, the usual one, what was read of documents."""

    scores: dict[int, float]
    cosines: dict[int, float]
    usual: float
    holding: dict[int, list[set[int]]] = field(default_factory=dict)


def _read_documents(connection: Any) -> _Documents:
    """By document, as its passages are numbered in a row: few rows, whatever its length."""
    rows = connection.execute(_DOCUMENTS).fetchall()
    first = np.array([row[2] for row in rows], dtype=np.int64)
    last = np.array([row[3] for row in rows], dtype=np.int64)
    of = np.zeros(int(last[-1]) + 1 if rows else 1, dtype=np.int32)
    for place, row in enumerate(rows):
        of[row[2] : row[3] + 1] = place
    infos = [Info.model_validate_json(row[1]) for row in rows]
    return _Documents([row[0] for row in rows], infos, first, last, of)
