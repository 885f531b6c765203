"""What a spoken question asks for: its terms, and what clinicians' short words mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from voiceassist.knowledge.text.vocabulary import ASPECTS, MEANINGS, STOP_WORDS, american

_WORD = re.compile("[^\\W_]+(?:['\u2019][^\\W_]+)?")
_SPELLED = re.compile("(?<![\\w'\u2019])[A-Za-z](?:[ .][A-Za-z](?![\\w'\u2019]))+")
_ALONE = "ai"  # letters that are words, too
_POSSESSIVE = re.compile("['\u2019]s?$")
_LONGEST_KEY = max(len(key.split()) for key in MEANINGS)


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of a question and other ways to say it (`alternatives`, it included).

    `aspect` words ("treatment", "dose") say what is asked of the topic and are no topic.
    """

    alternatives: tuple[str, ...]
    aspect: bool

    def is_in(self, stems: AbstractSet[str]) -> bool:
        """Whether all words of an alternative are among `stems`."""
        return any(_stems(one) <= stems for one in self.alternatives)

    @property
    def expression(self) -> str:
        """Any of the alternatives, in FTS5's language; quoted, so nothing in it is syntax."""
        return " OR ".join('"' + one.replace('"', "") + '"' for one in self.alternatives)


@dataclass(frozen=True, slots=True)
class Query:
    """A question's distinct terms, its words with what they stand for, and its words as heard.

    `expanded` is what is embedded.
    """

    terms: tuple[Term, ...]
    expanded: str
    heard: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """Any of the terms, in FTS5's language."""
        return " OR ".join(term.expression for term in self.terms)


def words(text: str) -> list[str]:
    """Lower-case words of `text` without possessives, punctuation or accents."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [_POSSESSIVE.sub("", word).lower() for word in _WORD.findall(plain)]


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in order, in American spelling; numbers are kept."""
    return [w for w in words(american(text)) if _carries_meaning(w)]


def stem(word: str) -> str:
    """A rough stem: enough to see that "treated" and "treatment" are about one thing."""
    for ending in ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "es", "ed", "s", "y"):
        if word.endswith(ending) and len(word) - len(ending) > 3:  # noqa: PLR2004 - a root
            return word[: -len(ending)]
    return word


def spelled(text: str) -> str:
    """`text` with letters said one by one ("c o p d") as the short form that they spell."""
    return _SPELLED.sub(lambda run: _joined(re.findall("[A-Za-z]", run[0])), text)


def _joined(letters: Sequence[str]) -> str:
    """What a run of letters spells; an "a" or "i" at its ends may be a word of its own."""
    first = 1 if letters[0].lower() in _ALONE else 0
    last = len(letters) - (1 if letters[-1].lower() in _ALONE else 0)
    for start, end in ((0, len(letters)), (first, len(letters)), (0, last), (first, last)):
        if "".join(letters[start:end]).lower() in MEANINGS:
            break
    else:
        start, end = (first, last) if last - first > 1 else (0, 0)
    middle = ["".join(letters[start:end])] if end > start else []
    return " ".join([*letters[:start], *middle, *letters[end:]])


def understand(text: str) -> Query:
    """Read a question as it was spoken."""
    text = spelled(text)
    heard = words(american(text))
    meant: dict[str, list[str]] = {word: [word] for word in heard if _carries_meaning(word)}
    expanded = [american(text.strip())]
    for key, meaning in _meanings(heard):
        expanded.append(f"({meaning[0]})")
        for word in key:
            if word in meant:
                meant[word].extend(meaning)
    terms = (Term(tuple(dict.fromkeys(said)), word in ASPECTS) for word, said in meant.items())
    return Query(tuple(terms), " ".join(expanded), tuple(heard))


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in content_words(text))


def _carries_meaning(word: str) -> bool:
    return word not in STOP_WORDS and (len(word) > 1 or word.isdigit())


def _meanings(heard: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    for start in range(len(heard)):
        for length in range(1, _LONGEST_KEY + 1):
            key = heard[start : start + length]
            meaning = MEANINGS.get(" ".join(key)) if len(key) == length else None
            if meaning:
                yield key, meaning.split("; ")
