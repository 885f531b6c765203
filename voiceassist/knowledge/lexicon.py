"""The words of an edition: how many passages hold each, and which a search can afford to read.

FTS5 scores every passage that holds any term, and reads a term's whole list twice, so a question
costs what its terms' lists are long. The rarest decide the ranking; of the others as many are
read as the time allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from voiceassist.knowledge import database
from voiceassist.knowledge.queries import Term, words

READ = 6_000  # entries of lists that a question may read: some 5 ms


@dataclass(frozen=True, slots=True)
class Weighed:
    """A term of a question and how many passages hold it, at most."""

    term: Term
    passages: int


class Lexicon:
    """The terms of one edition's file. As thread-safe as its connection: one call at a time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._stemmer = database.stemmer()

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

    def _passages(self, stem: str) -> int:
        row = self._connection.execute(
            "SELECT passages FROM terms WHERE term = ?", (stem,)
        ).fetchone()
        return int(row[0]) if row else 0


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
