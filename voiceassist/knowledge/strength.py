"""How well a passage answers, 0 to 1: what tells an answer from a near miss.

Measures that are blind in different ways: the likeness of meaning (cosine of the vectors), and
the shares of the question's terms, weighted by rarity, in the passage and anywhere in its
document. A logistic of them was fitted on half of the development questions and on questions
spoken to the demonstration library, against questions from outside; `docs/knowledge.md` tells
how it did on the other half. A title says little: in a clinic's protocol it names the ward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH = 0.5  # what is weaker is not spoken
_BIAS, _COSINE, _PASSAGE, _DOCUMENT = -7.55, 6.04, 4.29, 1.96
_ASPECT = 0.2  # "treatment" is found everywhere: it says little on the topic
_COMMON = 2.0  # and where it isn't found, that says little, too


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of a question and one passage.

    `cosine` -1 to 1; `passage` and `document` 0 to 1, the shares of the question's terms in each.
    """

    cosine: float
    passage: float
    document: float


def rarity(holding: int, total: int, *, aspect: bool = False) -> float:
    """A term's weight when `holding` of `total` passages hold it (Robertson's idf, above 0)."""
    weight = math.log(1 + (total - holding + 0.5) / (holding + 0.5))
    return min(weight, _COMMON) * _ASPECT if aspect else weight


def coverage(weights: Sequence[float], found: Sequence[bool]) -> float:
    """The share of the weights whose terms were found; 0 where there is none."""
    held = sum(weight for weight, is_in in zip(weights, found, strict=True) if is_in)
    return held / (sum(weights) or 1.0)


def strength(evidence: Evidence) -> float:
    """The fitted logistic."""
    score = (
        _BIAS
        + _COSINE * evidence.cosine
        + _PASSAGE * evidence.passage
        + _DOCUMENT * evidence.document
    )
    return 1 / (1 + math.exp(-score))
