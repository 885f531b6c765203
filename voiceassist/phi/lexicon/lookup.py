"""Looks words up in the lexicon: one dictionary of words and phrases to kinds."""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from enum import IntFlag
from functools import cache
from importlib.resources import files


class WordKind(IntFlag):
    """What a word (or a phrase of words) is known as; a word can be several things."""

    UNKNOWN = 0
    COMMON = 1  # among the everyday words of English
    GENERAL = 2  # in a dictionary of English
    MEDICAL = 4  # in a list of diseases, findings, substances
    EPONYM = 8  # a name in the name of a disease
    GIVEN = 16  # a given name
    SURNAME = 32  # a frequent surname
    RARE_SURNAME = 64  # any other surname
    PLACE = 128  # a city, town or county
    STATE = 256  # a state or a larger area: free by the rule
    TOP_GIVEN = 512  # a very frequent given name


class Lexicon:
    """Words in lower case to their kinds. Immutable, so safe between threads."""

    def __init__(self, words: dict[str, int]) -> None:
        self._words = words

    def __len__(self) -> int:
        return len(self._words)

    def all_words(self) -> Iterable[str]:
        """Every word and phrase, in the lexicon's order."""
        return self._words.keys()

    def kind(self, word: str) -> WordKind:
        """The kinds of a lower-case word or phrase; a possessive counts as its stem."""
        return WordKind(self.bits(word))

    def is_any(self, word: str, kinds: WordKind) -> bool:
        """Whether `word` is any of `kinds`."""
        return bool(self.bits(word) & kinds)

    def bits(self, word: str) -> int:
        """Like `kind`, as a plain integer: for the inner loops."""
        return self._words.get(word.removesuffix("'s"), 0)


@cache
def load_lexicon() -> Lexicon:
    """The packaged lexicon, read once for the process."""
    data = files(__package__).joinpath("words.txt.xz").read_bytes()
    words = {}
    for line in lzma.decompress(data).decode().splitlines():
        word, _, bits = line.rpartition("\t")
        words[word] = int(bits)
    return Lexicon(words)
