"""Runs of digits and letters as they stand in a text, however a code was cut or spelled."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voiceassist.phi.letters import LETTER_WORDS
from voiceassist.phi.recognisers.base import Word
from voiceassist.phi.tokens import UNITS

_MARKS = frozenset(
    ["dash", "hyphen", "colon", "dot", "point", "slash", "space", "underscore", "double", "parens"]
)
_WITHIN = re.compile(r"[\s\-.,/:#()_]{0,6}")  # what may stand between two parts of a code
_MEASURE = re.compile(rf"\d+(?:st|nd|rd|th|{UNITS})", re.IGNORECASE)
_ARTICLES = frozenset("ai")
_WORDS_TOO = _ARTICLES | {"are", "be", "see", "you", "why"}  # letters only next to letters
_LONGEST_PART, _FEW = 24, 3


@dataclass(frozen=True, slots=True)
class Code:
    """A run from word `first` to `last`, and how much of it is digits, letters and marks."""

    first: int
    last: int
    start: int
    end: int
    digits: int
    letters: int
    colons: int

    @property
    def size(self) -> int:
        """Digits and letters together."""
        return self.digits + self.letters


def codes_of(text: str, words: Sequence[Word]) -> Iterator[Code]:
    """The runs of `words` that hold a digit, in order, without what only stands at their ends."""
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and _part(words[end].text):
            if end > at and not _near(text, words, end):
                break
            end += 1
        code = _trimmed(words, at, end)
        if code is not None:
            yield code
        at = max(end, at + 1)


def around(codes: Sequence[Code], place: int) -> Sequence[Code]:
    """The few codes next to a cue at `place`, before it and after it."""
    at = bisect_left(codes, place, key=lambda code: code.start)
    return codes[max(0, at - _FEW) : at + _FEW]


def _near(text: str, words: Sequence[Word], at: int) -> bool:
    return _WITHIN.fullmatch(text, words[at - 1].end, words[at].start) is not None


def _part(word: str) -> bool:
    return _solid(word) or word in _MARKS


def _solid(word: str) -> bool:
    if len(word) == 1 or word in LETTER_WORDS:
        return True
    has_digit = any(map(str.isdigit, word)) and len(word) <= _LONGEST_PART
    return has_digit and _MEASURE.fullmatch(word) is None


def _trimmed(words: Sequence[Word], first: int, end: int) -> Code | None:
    while end > first and not _bears(words, end - 1, first, -1):
        end -= 1
    while first < end and not _bears(words, first, end - 1, 1):
        first += 1
    texts = [word.text for word in words[first:end]]
    digits = sum(map(str.isdigit, "".join(texts)))
    if not digits:
        return None
    letters = sum(_letters(text) for text in texts)
    place = (words[first].start, words[end - 1].end)
    return Code(first, end - 1, *place, digits, letters, texts.count("colon"))


def _bears(words: Sequence[Word], at: int, limit: int, step: int) -> bool:
    """Whether the word at a run's end belongs to it: no mark, no article, no verb ("are")."""
    text = words[at].text
    if text in _MARKS:
        return False
    if text in _ARTICLES or (text in LETTER_WORDS and len(text) > 1):
        inner = words[at + step].text if at != limit else ""
        if len(inner) == 1 and inner.isalpha() and inner not in _ARTICLES:
            return True
        return inner in LETTER_WORDS or (text not in _WORDS_TOO and any(map(str.isdigit, inner)))
    return True


def _letters(word: str) -> int:
    return 0 if word in _MARKS else 1 if word in LETTER_WORDS else sum(map(str.isalpha, word))
