"""Answers, evidence first (law 2): the library's own words, with where they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.knowledge.prompting import compose_prompt
from voiceassist.knowledge.queries import content_words
from voiceassist.knowledge.quoting import Candidate, candidates
from voiceassist.knowledge.strength import ENOUGH
from voiceassist.knowledge.support import supported

__all__ = ["NOTHING_FOUND", "Answer", "answer", "compose_prompt", "supported"]

NOTHING_FOUND = "The library has nothing on that."
THERE_IS_MORE = "The source goes on."
_NEXT_BEST = 0.55  # a second quotation must score this share of the first
_PLACE_WORDS = 6
_BULLET = re.compile(r"(?<=[:.;]) [-*•] ")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to speak. `found` is false where the library answers nothing on the question."""

    found: bool
    sentences: tuple[Sentence, ...]
    sources: tuple[Source, ...]


def answer(query: str, passages: Sequence[Passage], *, quotes: int = 2) -> Answer:
    """Quote up to `quotes` sentences of the best of `passages`, or say there is nothing.

    Passages come from `Library.find`, the best first; weak ones are not quoted. The quotations
    are of one document, in its order, behind a lead that names it.
    """
    strong = [passage for passage in passages if passage.strength >= ENOUGH]
    chosen = _choose(query, strong, quotes) if strong else []
    if not chosen:
        return Answer(found=False, sentences=(_notice(NOTHING_FOUND),), sources=())
    sources = tuple(one.source() for one in chosen)
    spoken = [Sentence(text=_lead(sources[0]), kind="lead", sources=sources[:1])]
    spoken += [Sentence(text=_aloud(s.quote), kind="quote", sources=(s,)) for s in sources]
    if not all(one.whole for one in chosen):
        spoken.append(_notice(THERE_IS_MORE))
    return Answer(found=True, sentences=tuple(spoken), sources=sources)


def _choose(query: str, strong: Sequence[Passage], quotes: int) -> list[Candidate]:
    weight: dict[str, float] = {}
    for one in strong:
        weight[one.document] = weight.get(one.document, 0.0) + one.score * one.strength
    document = max(weight, key=weight.__getitem__)
    same = [passage for passage in strong if passage.document == document]
    best = max(same, key=lambda p: p.score * p.strength)
    found = [
        Candidate(c.passage, c.span, c.score - (0.0 if passage is best else 0.3), c.whole)
        for passage in same
        for c in candidates(query, passage)
    ]
    chosen: list[Candidate] = []
    for candidate in sorted(found, key=lambda c: -c.score):
        if len(chosen) == quotes:
            break
        if chosen and candidate.score < _NEXT_BEST * chosen[0].score:
            break
        if all(_apart(candidate, other) for other in chosen):
            chosen.append(candidate)
    return sorted(chosen, key=lambda c: c.source().start)


def _apart(one: Candidate, other: Candidate) -> bool:
    """Whether two sentences say different things: passages may overlap, documents repeat."""
    return not set(content_words(one.quote)) <= set(content_words(other.quote)) and not set(
        content_words(other.quote)
    ) <= set(content_words(one.quote))


def _lead(source: Source) -> str:
    """Names the document, and its place where that is short and adds something."""
    place = source.place.split(" > ")[-1].strip(" .:")
    repeats = set(content_words(source.title)) & set(content_words(place))
    if not place or repeats or place.endswith("?") or len(place.split()) > _PLACE_WORDS:
        page = re.match(r"page \d+", source.place)
        place = page[0] if page else ""
    title = source.title.rstrip(" .:?")
    return f"From {title}, {place}." if place else f"From {title}."


def _aloud(quote: str) -> str:
    return _BULLET.sub(" ", " ".join(quote.split()))


def _notice(text: str) -> Sentence:
    return Sentence(text=text, kind="notice")
