"""What words sound like, roughly: to find the word that a recogniser misheard. Pure.

A key keeps a word's consonants by the way they are made and drops its vowels, so that what sounds
alike has one key, and a mishearing changes it by little. The classes are those that English
recognisers mix up: voiced and unvoiced, m and n, soft c and s, ph and f.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LEAST = 5  # letters: shorter words sound like too many others

_SPELLINGS = tuple(
    (re.compile(old), new)
    for old, new in (
        (r"^(kn|gn|pn)", "n"),
        (r"^ps", "s"),
        (r"^wr", "r"),
        (r"^x", "s"),
        (r"rh", "r"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"sch", "sk"),
        (r"ck|ch|q", "k"),
        (r"gh(?=t|$)", ""),
        (r"sh|[st]i(?=on|a|ou)", "s"),
        (r"c(?=[eiy])", "s"),
        (r"g(?=[eiy])", "j"),
        (r"x", "ks"),
        (r"ae|oe", "e"),
        (r"y", "i"),
        (r"(.)\1", r"\1"),
    )
)
_CLASSES = str.maketrans("bdvzgcm", "ptfskkn", "aeiouhw")
_SOUNDS = "ptkfsnrlj"


def spelled(word: str) -> str:
    """A plain spelling of lower-case `word`: one way to write each sound."""
    for old, new in _SPELLINGS:
        word = old.sub(new, word)
    return word


def key(word: str) -> str:
    """The sounds of a lower-case word; empty where it is too short or no plain word."""
    if len(word) < LEAST or not (word.isascii() and word.isalpha()):
        return ""
    plain = spelled(word)
    first = "a" if plain[0] in "aeiou" else ""
    sounds = plain.translate(_CLASSES)
    return first + re.sub(r"(.)\1+", r"\1", sounds)


def neighbours(sounds: str) -> Iterator[str]:
    """`sounds` and every key that one sound more, less or other makes of it."""
    yield sounds
    for at in range(len(sounds) + 1):
        head, tail = sounds[:at], sounds[at:]
        for sound in _SOUNDS:
            yield head + sound + tail
            if tail and sound != tail[0]:
                yield head + sound + tail[1:]
        if tail:
            yield head + tail[1:]


def likeness(one: str, other: str) -> float:
    """0 to 1: the share of letters that two words, spelled plainly, have in common in order."""
    a, b = spelled(one), spelled(other)
    return 1 - distance(a, b) / max(len(a), len(b), 1)


def distance(one: str, other: str) -> int:
    """Levenshtein's distance."""
    above = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        line = [row]
        for at, right in enumerate(other):
            line.append(min(line[at] + 1, above[at + 1] + 1, above[at] + (left != right)))
        above = line
    return above[-1]
