"""How well a passage answers, 0 to 1: what tells an answer from a near miss.

Two measures, blind in different ways: the likeness of meaning (cosine of the vectors) and
the share of the query's content, weighted by rarity, that occurs in the passage, its title or
its headings. A logistic of both was fitted on half of the development questions against
questions from outside the library; `docs/knowledge.md` tells how it did on the other half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH = 0.5  # what is weaker is not spoken
_BIAS, _COSINE, _COVERAGE, _RAREST = -7.5, 5.0, 4.0, 3.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of a query and one passage.

    `cosine` -1 to 1; `coverage` 0 to 1, the share of the query's rarity found in the passage;
    `rarest` 0 to 1, the same for its rarest term alone.
    """

    cosine: float
    coverage: float
    rarest: float


def rarity(holding: int, total: int) -> float:
    """A term's weight when `holding` of `total` passages hold it (Robertson's idf, above 0)."""
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def coverage(weights: Sequence[float], found: Sequence[bool]) -> tuple[float, float]:
    """`coverage` and `rarest` of `Evidence`; both 0 where the query has no content."""
    total = sum(weights)
    if not total:
        return 0.0, 0.0
    held = sum(weight for weight, is_in in zip(weights, found, strict=True) if is_in)
    rarest = max(range(len(weights)), key=weights.__getitem__)
    return held / total, float(found[rarest])


def strength(evidence: Evidence) -> float:
    """The fitted logistic."""
    score = (
        _BIAS
        + _COSINE * evidence.cosine
        + _COVERAGE * evidence.coverage
        + _RAREST * evidence.rarest
    )
    return 1 / (1 + math.exp(-score))
