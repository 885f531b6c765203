"""One ranking of two: words and meaning, joined by their scores. Pure.

A convex combination of scores keeps what ranks throw away, how far the best is ahead of the
next (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS
2023). Each score is divided by the best one of its kind, so both lie between 0 and 1 whatever
the library, and the list's depth changes nothing. A best cosine that is low is near nothing: where
a question turns on a word that the embedder never met (a new drug, a form's code), the passage that
holds the word must win over those that are alike by chance.
"""

from __future__ import annotations

from collections.abc import Mapping

MEANING = 0.6  # the weight of the cosine; words have the rest
NEAR = 0.6  # the least cosine that counts as near in meaning


def fuse(by_words: Mapping[int, float], cosines: Mapping[int, float]) -> dict[int, float]:
    """Scores, 0 to 1, of all passages in `cosines`; one without words has 0 for them."""
    most = max(by_words.values(), default=0.0)
    nearest = max([NEAR, *cosines.values()])
    return {
        passage: (1 - MEANING) * _share(by_words.get(passage, 0.0), most)
        + MEANING * _share(cosine, nearest)
        for passage, cosine in cosines.items()
    }


def _share(score: float, most: float) -> float:
    return max(score, 0.0) / most if most > 0 else 0.0
