"""How well a passage answers, 0 to 1: what tells an answer from a near miss.

Measures that are blind in different ways: the likeness of meaning (cosine of the vectors), how
far it stands out of what else is near the question, the shares of the question's terms, weighted
by rarity, in the passage and anywhere in its document, and how many of the best passages are of
that document. Standing out and agreement are of this question in this library, so that one bar
serves libraries and ways of speaking that differ. A logistic of them was fitted, each set
counting the same, on half of the development questions (over all, 120 and 30 of the documents),
on questions spoken to the demonstration library, and on 130 questions as clinicians speak them
and 100 from outside, over 60 documents of a clinic; `docs/knowledge.md` tells how it did on what
it wasn't fitted on. A title says little: in a clinic's protocol it names the ward.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ENOUGH = 0.5  # what is weaker is not spoken
_BIAS, _COSINE, _STANDING_OUT, _PASSAGE, _DOCUMENT, _AGREEMENT = (
    -7.34, 3.04, 3.46, 3.51, 3.11, 1.33,
)  # fmt: skip
_NEAREST = 100
_ASPECT = 0.2  # "treatment" is found everywhere: it says little on the topic
_COMMON = 2.0  # and where it isn't found, that says little, too


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of a question and one passage.

    `cosine` -1 to 1; `standing_out`, that less the mean of the question's hundred nearest
    passages; 0 to 1: `passage` and `document`, the shares of the question's terms in each, and
    `agreement`, the share of the five best passages that are of the passage's document.
    """

    cosine: float
    standing_out: float
    passage: float
    document: float
    agreement: float


def rarity(holding: int, total: int, *, aspect: bool = False) -> float:
    """A term's weight when `holding` of `total` passages hold it (Robertson's idf, above 0)."""
    weight = math.log(1 + (total - holding + 0.5) / (holding + 0.5))
    return min(weight, _COMMON) * _ASPECT if aspect else weight


def coverage(weights: Sequence[float], found: Sequence[bool]) -> float:
    """The share of the weights whose terms were found; 0 where there is none."""
    held = sum(weight for weight, is_in in zip(weights, found, strict=True) if is_in)
    return held / (sum(weights) or 1.0)


def usual(cosines: Iterable[float]) -> float:
    """The mean of the hundred highest: what a passage must stand out of; 0 where there is none."""
    nearest = sorted(cosines, reverse=True)[:_NEAREST]
    return sum(nearest) / (len(nearest) or 1)


def strength(evidence: Evidence) -> float:
    """The fitted logistic."""
    score = (
        _BIAS
        + _COSINE * evidence.cosine
        + _STANDING_OUT * evidence.standing_out
        + _PASSAGE * evidence.passage
        + _DOCUMENT * evidence.document
        + _AGREEMENT * evidence.agreement
    )
    return 1 / (1 + math.exp(-score))
