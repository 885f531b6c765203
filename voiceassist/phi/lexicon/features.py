"""What the lexicon knows of each word, as numbers for the classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voiceassist.phi.lexicon.lookup import Lexicon, WordKind

_BITS = tuple(kind.value for kind in WordKind if kind)
_LONGEST_PLACE = 3
FEATURES = len(_BITS) + 1


def features(words: Sequence[str], lexicon: Lexicon) -> npt.NDArray[np.float32]:
    """(words, FEATURES) of 0 and 1: a column a kind of word, then "part of a town's name"."""
    known = np.zeros((len(words), FEATURES), dtype=np.float32)
    for at, word in enumerate(words):
        bits = lexicon.bits(word)
        known[at, :-1] = [bool(bits & bit) for bit in _BITS]
        for length in range(2, min(_LONGEST_PLACE, len(words) - at) + 1):
            if lexicon.is_any(" ".join(words[at : at + length]), WordKind.PLACE):
                known[at : at + length, -1] = 1.0
    return known
