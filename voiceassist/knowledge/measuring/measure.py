"""Figures of search and answers over questions whose answers are known."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from voiceassist.contract.knowledge import Passage
from voiceassist.knowledge.answers.answer import Answer, answer
from voiceassist.knowledge.measuring.witness import absent, resolves
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.search.mishearing import mishear, speech, word_errors

_DEEP = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the document that answers it; None where the library has nothing on it."""

    question: str
    document: str | None


@dataclass(slots=True)
class _Spoken:
    """What was spoken, held to its evidence by `witness`, which shares nothing with `support`."""

    library: Library
    sentences: int = 0
    without_evidence: int = 0
    citations: int = 0
    resolving: int = 0

    def hear(self, said: Answer) -> None:
        """Count the sentences of an answer."""
        versions = {pack.document: pack.version for pack in self.library.packs()}
        for one in said.sentences:
            self.sentences += 1
            self.without_evidence += bool(absent(one))
            for source in one.sources:
                self.citations += 1
                exact = resolves(source, self.library.document_text)
                self.resolving += exact and versions.get(source.document) == source.version

    def figures(self) -> dict[str, float | int]:
        """Counts of sentences, the share of citations that resolve."""
        resolve = self.resolving / self.citations if self.citations else 1.0
        return {
            "spoken_sentences": self.sentences,
            "spoken_without_evidence": self.without_evidence,
            "citations": self.citations,
            "citations_resolve": round(resolve, 4),
        }


@dataclass(slots=True)
class _Ranks:
    """Measures of rankings of documents, whose grades are known."""

    gains: list[float] = field(default_factory=list)
    recalls: dict[int, list[float]] = field(default_factory=lambda: {5: [], _DEEP: []})

    def see(self, ranked: Sequence[str], grades: Mapping[str, int]) -> None:
        """Count one question's ranking, the best first."""
        self.gains.append(ndcg(ranked, grades, 10))
        for depth, values in self.recalls.items():
            values.append(sum(one in grades for one in ranked[:depth]) / len(grades))

    def figures(self) -> dict[str, float | int]:
        """Means over the questions, 0 to 1; none where none was seen."""
        if not self.gains:
            return {}
        recalls = {f"recall_at_{depth}": of for depth, of in self.recalls.items()}
        means = {"ndcg_at_10": self.gains, **recalls}
        return {name: round(float(np.mean(of)), 4) for name, of in means.items()}


def misheard(
    library: Library, asked: Sequence[Asked], rate: float, seed: int
) -> dict[str, float | int]:
    """`ask_all` of the questions as they are misheard, beside the hits when they are not.

    `word_error_rate` is what the errors came to.
    """
    chance = random.Random(seed)  # noqa: S311 - errors that can be repeated
    known = speech(one.question for one in asked)
    heard = [Asked(mishear(o.question, rate, chance, known), o.document) for o in asked]
    pairs = [(one.question, other.question) for one, other in zip(asked, heard, strict=True)]
    return {
        "word_error_rate": round(word_errors(pairs), 4),
        "hit_at_3_as_written": ask_all(library, asked).get("hit_at_3", 0),
        **ask_all(library, heard),
    }


@dataclass(slots=True)
class _Tally:
    """How each question was answered; `document` is the right one, None of those from outside."""

    hits: list[bool] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)
    named: list[bool | None] = field(default_factory=list)  # whether rightly; None where not
    rightly: list[bool] = field(default_factory=list)
    nearly: list[bool] = field(default_factory=list)

    def see(self, document: str | None, passages: Sequence[Passage], said: Answer) -> None:
        """Count one question, what was found and what was said."""
        if document is None:
            self.rightly.append(not said.found)
            self.nearly.append(said.nearest is not None)
            return
        found = list(dict.fromkeys(passage.document for passage in passages))
        self.hits.append(document in found[:3])
        self.first.append(found[:1] == [document])
        self.refused.append(not said.found)
        self.named.append(said.nearest.document == document if said.nearest else None)
        if said.found:
            self.right.append(said.sources[0].document == document)

    def figures(self) -> dict[str, float | int]:
        """Numbers of questions, and shares of them, 0 to 1."""
        shares = {
            "hit_at_1": self.first,
            "hit_at_3": self.hits,
            "quoted_from_right_document": self.right,
            "false_refusal": self.refused,
            "named_right": [one is True for one in self.named],
            "named_wrong": [one is False for one in self.named],
            "refused_outside": self.rightly,
            "named_outside": self.nearly,
        }
        means = {name: round(float(np.mean(of)), 4) for name, of in shares.items() if of}
        return {"questions": len(self.hits), "outside": len(self.rightly)} | means


def ask_all(
    library: Library, asked: Iterable[Asked], clock: Callable[[], float] = time.perf_counter
) -> dict[str, float | int]:
    """Ask every question; shares are 0 to 1, times in milliseconds with the embedding.

    `named_right`, `named_wrong` and `named_outside` are shares of all questions (of all from
    outside): not answered, but told what is nearest. `spoken_without_evidence` counts sentences
    with a number, unit, drug or denial that none of their sources holds.
    """
    spoken, tally, ranks = _Spoken(library), _Tally(), _Ranks()
    times: list[float] = []
    for one in asked:
        begun = clock()
        passages = library.find(one.question)
        times.append((clock() - begun) * 1000)
        said = answer(one.question, passages)
        spoken.hear(said)
        tally.see(one.document, passages, said)
        if one.document is not None:
            ranks.see(library.rank(one.question, _DEEP), {one.document: 1})
    return tally.figures() | ranks.figures() | spoken.figures() | percentiles(times)


def rank_all(
    library: Library,
    queries: Mapping[str, str],
    relevant: Mapping[str, Mapping[str, int]],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float | int]:
    """BEIR's measures over `relevant` (query to document to grade)."""
    ranks = _Ranks()
    hits: list[bool] = []
    times: list[float] = []
    for query, grades in relevant.items():
        begun = clock()
        ranked = library.rank(queries[query], _DEEP)
        times.append((clock() - begun) * 1000)
        ranks.see(ranked, grades)
        hits.append(any(one in grades for one in ranked[:3]))
    figures = {"queries": len(hits), "hit_at_3": round(float(np.mean(hits)), 4)}
    return figures | ranks.figures() | percentiles(times)


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Normalised discounted cumulative gain of the first `depth`, 0 to 1."""
    gain = sum(grades.get(one, 0) / math.log2(i + 2) for i, one in enumerate(ranked[:depth]))
    best = sorted(grades.values(), reverse=True)[:depth]
    return gain / sum(grade / math.log2(i + 2) for i, grade in enumerate(best))


def percentiles(times_ms: Sequence[float]) -> dict[str, float | int]:
    """The median and the 95th percentile."""
    if not times_ms:
        return {}
    half, most = np.percentile(times_ms, [50, 95])
    return {"p50_ms": round(float(half), 2), "p95_ms": round(float(most), 2)}
