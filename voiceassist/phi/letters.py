"""Spoken letters: "m r n", "em are en", "sierra mike", "w as in whisky"."""

from __future__ import annotations

from collections.abc import Sequence

from voiceassist.phi.wordlists import split_words

_SURE = {
    "bee": "b", "cee": "c", "dee": "d", "eff": "f", "gee": "g", "aitch": "h", "haitch": "h",
    "jay": "j", "kay": "k", "ell": "l", "em": "m", "en": "n", "pee": "p", "cue": "q",
    "queue": "q", "ess": "s", "tee": "t", "vee": "v", "ex": "x", "zee": "z", "zed": "z",
    "ee": "e", "ay": "a", "el": "l", "ar": "r",
}  # fmt: skip
_MAYBE = {"be": "b", "see": "c", "sea": "c", "eye": "i", "oh": "o", "are": "r", "you": "u",
          "why": "y", "tea": "t"}  # fmt: skip
_NATO = {
    w: w[0]
    for w in split_words(
        """
    alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima
    mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray
    yankee zulu
    """
    )
}
_VERBS = frozenset(["are", "be", "see", "you", "why", "oh"])  # at a run's end
SURE_LETTERS = {**_SURE, **_NATO}
LETTER_WORDS = {**_SURE, **_MAYBE, **_NATO}
_LONGEST_RUN = 40  # words: bounds the time that a hostile text takes
_LEAST_SURE, _LEAST_LETTERS, _LEAST_RUN, _LEAST_NATO = 2, 2, 3, 3
_ARTICLES = frozenset("ai")
_TWICE = "double"


def letter_run(words: Sequence[str], at: int) -> tuple[str, int]:
    """The letters spoken from `words[at]` on and how many words they took; ("", 0) for none.

    Words that merely sound like a letter ("are", "you") count only inside a run that has
    at least two sure ones.
    """
    nato = _run(words, at, _NATO)
    if len(nato) >= _LEAST_NATO:
        return nato, len(nato)
    explained = _explained(words, at)
    if explained[1]:
        return explained
    letters, end = "", at
    while end < min(len(words), at + _LONGEST_RUN):
        twice = end > at and words[end] == _TWICE and end + 1 < len(words)
        letter = _letter(words[end + 1] if twice else words[end])
        if not letter:
            break
        letters += letter * 2 if twice else letter
        end += 2 if twice else 1
    sure = sum(_is_sure(word) for word in words[at:end])
    sounds = sum(word in _SURE for word in words[at:end])
    if words[at] in _MAYBE and (sounds < _LEAST_SURE or not _sure_at(words, at + 1, end)):
        return "", 0
    while end > at and words[end - 1] in (_VERBS if sounds >= _LEAST_SURE else _MAYBE):
        if words[end - 1] == "are" and sure >= _LEAST_SURE and end == at + _LEAST_RUN - 1:
            break  # "m r n are": the verb is no letter, but "em en are" is no sentence
        end, letters = end - 1, letters[:-1]
    single = all(len(word) == 1 or word == _TWICE for word in words[at:end])
    enough = sure >= (1 if single and len(letters) < _LEAST_RUN else 0 if single else _LEAST_SURE)
    if not enough or len(letters) < _LEAST_LETTERS:
        return "", 0
    return letters, end - at


def _letter(word: str) -> str:
    if len(word) == 1 and word.isalpha():
        return word
    return _SURE.get(word) or _MAYBE.get(word, "")


def _is_sure(word: str) -> bool:
    return word in _SURE or (len(word) == 1 and word not in _ARTICLES)


def _sure_at(words: Sequence[str], at: int, end: int) -> bool:
    return at < end and words[at] in _SURE


def _run(words: Sequence[str], at: int, names: dict[str, str]) -> str:
    letters = ""
    for word in words[at : at + _LONGEST_RUN]:
        if word not in names:
            break
        letters += names[word]
    return letters


def _explained(words: Sequence[str], at: int) -> tuple[str, int]:
    """As in "b as in boy o as in oscar": the letter counts, the word that explains it does not."""
    letters, end = "", at
    while end < min(len(words), at + _LONGEST_RUN) and len(words[end]) == 1:
        for filler in (("as", "in"), ("like",), ("for",)):
            word = end + 1 + len(filler)
            if tuple(words[end + 1 : word]) == filler and word < len(words):
                if words[word][:1] != words[end]:  # a sentence may end here
                    continue
                letters += words[end]
                end = word + 1
                break
        else:
            break
    return letters, end - at
