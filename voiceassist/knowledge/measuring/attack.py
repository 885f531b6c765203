"""An attack on `supported`: sentences of documents made false, and said otherwise. Seeded.

A false one that passes is a hole in law 2; an honest one that fails costs a quotation.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from voiceassist.contract.knowledge import Source
from voiceassist.errors import BadInput
from voiceassist.knowledge.answers.support import supported
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.documents.passages import split
from voiceassist.knowledge.measuring.falsehoods import FALSE
from voiceassist.knowledge.measuring.rewording import HONEST, NUMBER, SHORTER, WORD, Around
from voiceassist.knowledge.text.sentences import sentences

NEVER = tuple(
    f"false: {kind}"
    for kind in ("number", "numbers exchanged", "unit", "part of a unit", "drug",
                 "negation dropped", "negation added")
)  # fmt: skip
_LEAST_WORDS = 6
_MOST_WORDS = 45
_KINDS = {
    f"{label}: {name}": kind
    for label, kinds in (("false", FALSE), ("honest", HONEST), ("shorter", SHORTER))
    for name, kind in kinds.items()
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was made of a sentence, and whether it passed."""

    kind: str
    original: str
    said: str
    passed: bool


def readable(files: Iterable[Path]) -> Iterator[Document]:
    """The documents in `files`, without those that are refused."""
    for path in files:
        with suppress(BadInput):
            yield read_document(path.name, path.read_bytes(), Limits())


def attack(documents: Iterable[Document], seed: int = 0) -> dict[str, dict[str, int]]:
    """How many of each kind were tried and passed: {"false: number": {"tried": …, "passed": …}}.

    A sentence is held to its whole passage, as the hub does: more words, more to hide behind.
    """
    counts: dict[str, Counter[str]] = {}
    for one in attempts(documents, seed):
        counted = counts.setdefault(one.kind, Counter(tried=0, passed=0))
        counted.update(tried=1, passed=int(one.passed))
    return {name: dict(counted) for name, counted in sorted(counts.items())}


def attempts(documents: Iterable[Document], seed: int) -> Iterator[Attempt]:
    """Each attempt on one sentence of each passage."""
    for document in documents:
        dice = random.Random(f"{seed}:{document.name}")  # noqa: S311 - a seed gives the same again
        for draft in split(document):
            yield from _on(_source(document, draft.place, draft.start, draft.text), dice)


def _on(source: Source, dice: random.Random) -> Iterator[Attempt]:
    text = source.quote
    all_of = [" ".join(text[s.start : s.end].split()) for s in sentences(text)]
    whole = [one for one in all_of if _LEAST_WORDS <= len(one.split()) <= _MOST_WORDS]
    if not whole:
        return
    said = dice.choice(whole)
    around = Around(said, [one for one in whole if one != said], dice)
    true = {_plain(one) for one in all_of}
    for name, kind in _KINDS.items():
        new = kind(around)
        if new and not (name.startswith("false") and _plain(new) in true):
            yield Attempt(name, said, new, supported(new, [source]))


def _source(document: Document, place: str, start: int, text: str) -> Source:
    return Source(
        document=document.name, version=1, title=document.info.title, place=place, quote=text,
        start=start, end=start + len(text),
    )  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(WORD.findall(text.lower())) + " ".join(NUMBER.findall(text))
