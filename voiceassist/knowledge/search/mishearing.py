"""Questions as a recogniser may mishear them: seeded, for measuring what search withstands.

What small recognisers do to clinical speech was written down as rules: rare words are respelled as
they sound or fall into pieces, common ones become others that sound alike, small words vanish or
appear, compounds split and join. The rules know nothing of how search mends words.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiceassist.knowledge.text.queries import words

_SMALL = "a an and are do for have in is of on the to what with".split()  # noqa: SIM905 - readable
_LONG = 6  # letters: shorter words don't fall into pieces
_COMMON = 20  # times in the questions: words that a recogniser knows well
_RESPELL = (
    ("ph", "f"), ("f", "ph"), ("y", "i"), ("i", "y"), ("ae", "e"), ("oe", "e"), ("c", "k"),
    ("k", "c"), ("x", "cks"), ("th", "t"), ("rh", "r"), ("ch", "k"), ("tion", "shun"),
    ("ia", "ea"), ("us", "is"), ("is", "us"), ("en", "in"), ("in", "en"), ("o", "a"), ("a", "o"),
    ("e", "i"), ("m", "n"), ("n", "m"), ("d", "t"), ("t", "d"), ("b", "p"), ("p", "b"),
    ("s", "z"), ("v", "f"), ("er", "a"), ("al", "le"), ("ll", "l"), ("l", "ll"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speech:
    """The words that a recogniser takes for common, by their first and last letters and length."""

    counts: Counter[str]
    alike: dict[tuple[str, str], list[str]]


def speech(texts: Iterable[str]) -> Speech:
    """What is common in `texts`."""
    counts = Counter(word for text in texts for word in words(text))
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in sorted(counts):
        alike[word[0], word[-1]].append(word)
    return Speech(counts, alike)


def mishear(text: str, rate: float, chance: random.Random, known: Speech) -> str:
    """`text` with about `rate` of its words wrong, rare and long words twice as likely."""
    said = words(text)
    weights = [1.0 if known.counts[w] >= _COMMON or len(w) < _LONG else 2.0 for w in said]
    each = rate * len(said) / (sum(weights) or 1)
    heard: list[str] = []
    for word, weight in zip(said, weights, strict=True):
        wrong = chance.random() < each * weight
        heard += _misheard(word, chance, known) if wrong else [word]
    return " ".join(heard)


def _misheard(word: str, chance: random.Random, known: Speech) -> list[str]:
    if word in _SMALL or word.isdigit():
        return chance.choice(([], [chance.choice(_SMALL)]))
    if len(word) >= _LONG and chance.random() < 1 / 4:
        at = chance.randrange(3, len(word) - 2)
        return [word[:at], _respelled(word[at:], chance)]
    near = [
        other
        for other in known.alike.get((word[0], word[-1]), [])
        if other != word and abs(len(other) - len(word)) <= 1
    ]
    if near and (len(word) < _LONG or chance.random() < 1 / 4):
        return [chance.choice(near)]
    return [_respelled(_respelled(word, chance), chance)]


def _respelled(word: str, chance: random.Random) -> str:
    """One place of the word written another way that sounds much the same."""
    places = [
        (found.start(), old, new) for old, new in _RESPELL for found in re.finditer(old, word)
    ]
    if not places:
        return word
    at, old, new = chance.choice(places)
    return word[:at] + new + word[at + len(old) :]


def word_errors(pairs: Sequence[tuple[str, str]]) -> float:
    """Substituted, lost and added words over the words said, of (said, heard)."""
    wrong = sum(_distance(words(said), words(heard)) for said, heard in pairs)
    return wrong / (sum(len(words(said)) for said, _ in pairs) or 1)


def _distance(said: Sequence[str], heard: Sequence[str]) -> int:
    above = list(range(len(heard) + 1))
    for row, left in enumerate(said, start=1):
        line = [row]
        for at, right in enumerate(heard):
            line.append(min(line[at] + 1, above[at + 1] + 1, above[at] + (left != right)))
        above = line
    return above[-1]
