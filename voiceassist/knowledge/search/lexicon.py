"""The words of an edition: how many passages hold each, and which a search can afford to read.

FTS5 scores every passage that holds any term, and reads a term's whole list twice, so a question
costs what its terms' lists are long. The rarest decide the ranking; of the others as many are
read as the time allows. A word that no passage holds may have been misheard: a term that sounds
alike stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from voiceassist.knowledge.editions import database
from voiceassist.knowledge.text.drugs import is_drug
from voiceassist.knowledge.text.queries import Query, Term, words
from voiceassist.knowledge.text.sound import key, likeness, neighbours

_MOST_WORDS = 3  # heard for one that was said
_ENOUGH_OF_ONE, _ENOUGH_OF_SEVERAL = 0.65, 0.75  # of letters alike
_SURE = 4  # sounds: a shorter key has too many neighbours
READ = 6_000  # entries of lists that a question may read: some 5 ms


@dataclass(frozen=True, slots=True)
class Weighed:
    """A term of a question and how many passages hold it, at most."""

    term: Term
    passages: int


@dataclass(frozen=True, slots=True)
class Near:
    """Words as they were heard, and the term of the library that they sound like.

    `meant` is a stem; `drug` says that it is a drug's name, which must not pass for certain.
    """

    heard: tuple[str, ...]
    meant: str
    likeness: float
    passages: int
    drug: bool


class Lexicon:
    """The terms of one edition's file. As thread-safe as its connection: one call at a time."""

    def __init__(self, connection: Any, drugs: Iterable[str] = ()) -> None:
        self._connection = connection
        self._stemmer = database.stemmer()
        self._drugs = frozenset(self._stemmer(drugs).values())

    def weigh(self, terms: Sequence[Term]) -> list[Weighed]:
        """How many passages hold each term, rather too many than too few."""
        said = [one for term in terms for one in term.alternatives]
        stems = self._stemmer(word for one in said for word in words(one))
        weighed = []
        for term in terms:
            holding = 0
            for one in term.alternatives:
                counts = [self._passages(stems.get(word, word)) for word in words(one)]
                holding += min(counts, default=0)
            weighed.append(Weighed(term, holding))
        return weighed

    def mend(self, asked: Query, weighed: Sequence[Weighed]) -> list[Near]:
        """What may have been said where a word was heard that no passage holds.

        A known drug's name is never taken for another word, though the library lacks it.
        """
        absent = {
            one.term.alternatives[0]
            for one in weighed
            if not one.passages and not one.term.aspect and one.term.alternatives[0].isalpha()
        }
        found = [near for run in _runs(asked.heard, absent) for near in self._near(run)]
        chosen: list[Near] = []
        taken: set[str] = set()
        for near in sorted(found, key=lambda one: (-one.likeness, -one.passages, one.meant)):
            if taken.isdisjoint(near.heard):
                chosen.append(near)
                taken.update(near.heard)
        return chosen

    def _near(self, run: Sequence[str]) -> Iterator[Near]:
        joined = "".join(run)
        stem = self._stemmer([joined]).get(joined, joined)
        together = self._passages(stem)
        if len(run) > 1 and together:
            yield Near(tuple(run), stem, 1.0, together, drug=stem in self._drugs)
            return
        enough = _ENOUGH_OF_ONE if len(run) == 1 else _ENOUGH_OF_SEVERAL
        for term, passages in self._alike(stem):
            alike = likeness(stem, term)
            if alike >= enough:
                yield Near(tuple(run), term, alike, passages, drug=term in self._drugs)

    def _alike(self, stem: str) -> list[tuple[str, int]]:
        if not (sounds := key(stem)):
            return []
        keys = tuple(dict.fromkeys(neighbours(sounds))) if len(sounds) >= _SURE else (sounds,)
        marks = ", ".join("?" * len(keys))
        sql = f"SELECT term, passages FROM terms WHERE sound IN ({marks})"  # noqa: S608 - marks
        return list(self._connection.execute(sql, keys))

    def _passages(self, stem: str) -> int:
        row = self._connection.execute(
            "SELECT passages FROM terms WHERE term = ?", (stem,)
        ).fetchone()
        return int(row[0]) if row else 0


def mended(weighed: Sequence[Weighed], nears: Sequence[Near]) -> list[Weighed]:
    """The terms with what was misheard replaced by what it is near to. Pure."""
    gone = {word for near in nears for word in near.heard}
    kept = [one for one in weighed if one.passages or one.term.alternatives[0] not in gone]
    known = {one.term.alternatives[0] for one in kept}
    return kept + [
        Weighed(Term((near.meant,), aspect=False), near.passages)
        for near in nears
        if near.meant not in known
    ]


def _runs(heard: Sequence[str], absent: AbstractSet[str]) -> Iterator[Sequence[str]]:
    """Up to three words in a row of which no passage holds one, none of them a known drug."""
    for length in range(1, _MOST_WORDS + 1):
        for start in range(len(heard) - length + 1):
            run = heard[start : start + length]
            if absent.isdisjoint(run) or not all(word.isalpha() for word in run):
                continue
            if not any(is_drug(word) for word in run):
                yield run


def affordable(weighed: Iterable[Weighed], most: int = READ) -> list[Term]:
    """The rarest terms that some passage holds, as many as can be read in time. Pure."""
    chosen, read = [], 0
    for one in sorted(weighed, key=lambda w: w.passages):
        read += one.passages
        if read > most:
            break
        if one.passages:
            chosen.append(one.term)
    return chosen
