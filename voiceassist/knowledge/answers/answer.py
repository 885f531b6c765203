"""Answers, evidence first (law 2): the library's own words, with where they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.knowledge.answers.asked import about
from voiceassist.knowledge.answers.prompting import compose_prompt
from voiceassist.knowledge.answers.quoting import Candidate, candidates
from voiceassist.knowledge.answers.support import supported
from voiceassist.knowledge.search.strength import ENOUGH
from voiceassist.knowledge.text.queries import content_words, stem, understand

__all__ = [
    "NOTHING_FOUND", "NOTHING_SURE", "Answer", "answer", "compose_prompt", "read_out", "supported",
]  # fmt: skip

NOTHING_FOUND = "The library has nothing on that."
NOTHING_SURE = "The library has nothing sure on that."
THERE_IS_MORE = "The source goes on."
_NEARLY = 0.15  # of what is weaker nothing is said
_NEXT_BEST = 0.55  # a second quotation must score this share of the first
# tuned on half of the development questions
_SECOND = 0.3  # what a document's second passage counts beside its best
_TITLE = 0.4  # what a title counts that holds nothing but what was asked
_SENTENCE = 0.05  # what the best sentence counts, by its score
_PLACE_WORDS = 6
_BULLET = re.compile(r"(?<=[:.;]) [-*•] ")


@dataclass(frozen=True, slots=True)
class Answer:
    """What to speak. `found` is false where the library answers nothing on the question.

    `nearest` is then the passage that was named, if one was; `read_out` quotes it.
    """

    found: bool
    sentences: tuple[Sentence, ...]
    sources: tuple[Source, ...]
    nearest: Passage | None = None


def answer(query: str, passages: Sequence[Passage], *, quotes: int = 2) -> Answer:
    """Quote up to `quotes` sentences of the best of `passages`, or say there is nothing.

    Passages come from `Library.find`, the best first; weak ones are not quoted. The quotations
    are of one document, in its order, behind a lead that names it.
    """
    strong = strong_ones(query, passages)
    chosen = _choose(query, strong, quotes) if strong else []
    if not any(about(query, one.passage, one.quote) for one in chosen):
        return _nothing(query, passages)
    return _quoted(chosen)


def read_out(query: str, passage: Passage, *, quotes: int = 2) -> Answer:
    """Quote what `passage`, which was named as the nearest, says nearest to `query`."""
    return _quoted(_choose(query, [passage], quotes))


def _quoted(chosen: Sequence[Candidate]) -> Answer:
    sources = tuple(one.source() for one in chosen)
    spoken = [Sentence(text=f"From {_named(sources[0])}.", kind="lead", sources=sources[:1])]
    spoken += [Sentence(text=_aloud(s.quote), kind="quote", sources=(s,)) for s in sources]
    if not all(one.whole for one in chosen):
        spoken.append(_notice(THERE_IS_MORE))
    return Answer(found=True, sentences=tuple(spoken), sources=sources)


def _nothing(query: str, passages: Sequence[Passage]) -> Answer:
    """That there is nothing; where something is near, what it is, so that it can be asked for."""
    near = [one for one in passages if one.strength >= _NEARLY and about(query, one)]
    near = [one for one in near if candidates(query, one)]
    if not near:
        return Answer(found=False, sentences=(_notice(NOTHING_FOUND),), sources=())
    best = max(near, key=lambda one: one.strength)
    lead = f"The nearest is {_named(best)}."
    named = Sentence(text=lead, kind="lead", sources=(_place_of(best),))
    spoken = (_notice(NOTHING_SURE), named)
    return Answer(found=False, sentences=spoken, sources=(), nearest=best)


def strong_ones(query: str, passages: Sequence[Passage]) -> list[Passage]:
    """Those of `passages` that are likely to answer, and are of whom and what is asked."""
    return [one for one in passages if one.strength >= ENOUGH and about(query, one)]


def _choose(query: str, strong: Sequence[Passage], quotes: int) -> list[Candidate]:
    document = _best_document(query, strong)
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


def _best_document(query: str, strong: Sequence[Passage]) -> str:
    """The document with the best passages, sentences and title.

    Of documents that share a topic the one whose title says no more than the question is meant:
    "lymphoma" rather than "non-Hodgkin lymphoma".
    """
    asked = {stem(w) for term in understand(query).terms for w in content_words(term.expression)}
    votes = {}
    for document in dict.fromkeys(one.document for one in strong):
        of = [one for one in strong if one.document == document]
        best, *rest = sorted((one.score * one.strength for one in of), reverse=True)
        title = {stem(word) for word in content_words(of[0].title)}
        fits = len(title & asked) / (len(title) or 1)
        says = max(one.score for passage in of for one in candidates(query, passage))
        passages = best + _SECOND * max(rest, default=0.0)
        votes[document] = passages * (1 + _TITLE * fits) + _SENTENCE * says
    return max(votes, key=votes.__getitem__)


def _apart(one: Candidate, other: Candidate) -> bool:
    """Whether two sentences say different things: passages may overlap, documents repeat."""
    return not set(content_words(one.quote)) <= set(content_words(other.quote)) and not set(
        content_words(other.quote)
    ) <= set(content_words(one.quote))


def _named(at: Source | Passage) -> str:
    """The document, and the place in it where that is short and adds something."""
    place = at.place.split(" > ")[-1].strip(" .:")
    repeats = set(content_words(at.title)) & set(content_words(place))
    if not place or repeats or place.endswith("?") or len(place.split()) > _PLACE_WORDS:
        page = re.match(r"page \d+", at.place)
        place = page[0] if page else ""
    title = at.title.rstrip(" .:?")
    return f"{title}, {place}" if place else title


def _place_of(passage: Passage) -> Source:
    fields = passage.model_dump(include={"document", "version", "title", "place", "start", "end"})
    return Source(quote=passage.text, **fields)


def _aloud(quote: str) -> str:
    return _BULLET.sub(" ", " ".join(quote.split()))


def _notice(text: str) -> Sentence:
    return Sentence(text=text, kind="notice")
