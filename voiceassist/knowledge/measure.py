"""Figures of search and answers over questions whose answers are known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voiceassist.knowledge.answers import answer
from voiceassist.knowledge.library import Library


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the document that answers it; None where the library has nothing on it."""

    question: str
    document: str | None


def ask_all(
    library: Library, asked: Iterable[Asked], clock: Callable[[], float] = time.perf_counter
) -> dict[str, float | int]:
    """Ask every question; shares are 0 to 1, times in milliseconds with the embedding."""
    hits: list[bool] = []
    first: list[bool] = []
    right: list[bool] = []
    refused: list[bool] = []
    rightly: list[bool] = []
    times: list[float] = []
    for one in asked:
        begun = clock()
        passages = library.find(one.question)
        times.append((clock() - begun) * 1000)
        said = answer(one.question, passages)
        if one.document is None:
            rightly.append(not said.found)
            continue
        found = list(dict.fromkeys(passage.document for passage in passages))
        hits.append(one.document in found[:3])
        first.append(found[:1] == [one.document])
        refused.append(not said.found)
        if said.found:
            right.append(said.sources[0].document == one.document)
    figures: dict[str, float | int] = {"questions": len(hits), "outside": len(rightly)}
    shares = {
        "hit_at_1": first,
        "hit_at_3": hits,
        "quoted_from_right_document": right,
        "false_refusal": refused,
        "refused_outside": rightly,
    }
    figures |= {name: round(float(np.mean(of)), 4) for name, of in shares.items() if of}
    return figures | percentiles(times)


def rank_all(
    library: Library,
    queries: Mapping[str, str],
    relevant: Mapping[str, Mapping[str, int]],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float | int]:
    """BEIR's measures over `relevant` (query to document to grade)."""
    gains: list[float] = []
    recalls: dict[int, list[float]] = {5: [], 100: []}
    hits: list[bool] = []
    times: list[float] = []
    for query, grades in relevant.items():
        begun = clock()
        ranked = library.rank(queries[query], 100)
        times.append((clock() - begun) * 1000)
        gains.append(ndcg(ranked, grades, 10))
        hits.append(any(one in grades for one in ranked[:3]))
        for depth, values in recalls.items():
            values.append(sum(one in grades for one in ranked[:depth]) / len(grades))
    return {
        "queries": len(gains),
        "ndcg_at_10": round(float(np.mean(gains)), 4),
        "recall_at_5": round(float(np.mean(recalls[5])), 4),
        "recall_at_100": round(float(np.mean(recalls[100])), 4),
        "hit_at_3": round(float(np.mean(hits)), 4),
        **percentiles(times),
    }


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
