"""Which sentence of a passage answers, and how much of it is pleasant to hear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voiceassist.contract.knowledge import Passage, Source
from voiceassist.knowledge.answers.asked import about
from voiceassist.knowledge.answers.cues import cues
from voiceassist.knowledge.answers.facts import facts
from voiceassist.knowledge.answers.levels import holds, values
from voiceassist.knowledge.text.queries import content_words, stem
from voiceassist.knowledge.text.sentences import Span, sentences

MOST_WORDS = 35
_LEAST_WORDS = 4

_DEFINES = re.compile(r"^\s*(so )?what('s| is| are)( \(are\))?\b|\bdefin(e|ition)\b", re.IGNORECASE)
_IS = re.compile(r"\b(is|are|refers? to|means|occurs? when)\b", re.IGNORECASE)
_ASIDE = re.compile(
    r"^(see|for more|learn|click|this (article|section|page|information|table)|visit|read more"
    r"|more information|to learn|note:|references?|source|key points|talk (to|with)|call)\b"
    r"|https?:",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"^(it|they|this|these|those|he|she|his|her|its|their)\b|\b(either|both|neither|one) of them\b"
    r"|\bgive (it|them)\b",
    re.IGNORECASE,
)
_AT_LEVEL = 0.8  # what it counts to be of the value that is asked
_NEIGHBOUR = 1.0  # what it costs to be of another patient or drug than is asked
_LEANS = re.compile(
    r"^(it|they|this|these|those|such|he|she|however|also|in addition|therefore|for example"
    r"|other|another|but|and|or)\b",
    re.IGNORECASE,
)
_CUT = re.compile(r";\s|\s[-\u2013•]\s|,\s(?=and\s|or\s|such as\s|including\s)|,\s|:\s")
_MUST_STAY = re.compile(
    r"\b(not|no|never|unless|except|but|however|only|if|without|avoid|until|when|than|contra\w*"
    r"|although|though|instead|rather|nor|neither|cannot|\w+n't)\b|\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage that may be quoted; `whole` is false where it was cut short."""

    passage: Passage
    span: Span
    score: float
    whole: bool = True

    @property
    def quote(self) -> str:
        """The words, exactly as stored."""
        return self.passage.text[self.span.start : self.span.end]

    def source(self) -> Source:
        """The place in the document."""
        at = self.passage
        return Source(
            document=at.document,
            version=at.version,
            title=at.title,
            place=at.place,
            quote=self.quote,
            start=at.start + self.span.start,
            end=at.start + self.span.end,
        )


def candidates(query: str, passage: Passage) -> list[Candidate]:
    """The sentences of `passage`, in order, each with how well it answers `query`."""
    wanted = {stem(word) for word in content_words(query)}
    title = {stem(word) for word in content_words(passage.title)}
    place = {stem(word) for word in content_words(passage.place)}
    fits = 0.6 * len(wanted & place - title) / (len(wanted - title) or 1)
    fits += 0.5 * any(tells.search(passage.place) for tells in cues(query))
    found = []
    spans = sentences(passage.text)
    for index, alone in enumerate(spans):
        span = _with_what_it_leans_on(passage.text, spans, index)
        text = passage.text[span.start : span.end]
        score = fits + _score(query, text, wanted, title) - 0.05 * min(index, 6)
        if not about(query, passage, text):
            score -= _NEIGHBOUR
        if text.endswith(":"):
            found.append(_with_items(passage, spans[index:], score))
            continue
        cut = shorten(passage.text, span) if span == alone else span
        found.append(Candidate(passage, cut, score, whole=cut == span))
    return found


def _with_what_it_leans_on(text: str, spans: Sequence[Span], index: int) -> Span:
    """A sentence that says "it" or "them", with the one before where that is short."""
    span = spans[index]
    if not index or not _POINTS_BACK.search(text[span.start : span.end]):
        return span
    before = text[spans[index - 1].start : spans[index - 1].end]
    whole = text[spans[index - 1].start : span.end]
    if len(whole.split()) > MOST_WORDS or "\n" in whole or before[-1:] in {":", "?"}:
        return span
    return Span(spans[index - 1].start, span.end)


def _with_items(passage: Passage, spans: Sequence[Span], score: float) -> Candidate:
    """A sentence that announces a list, with as many of what follows as are pleasant to hear.

    Where the list ends can't be told from its text, so one that is followed by more is not whole.
    """
    last = 0
    for index, span in enumerate(spans):
        if len(passage.text[spans[0].start : span.end].split()) > MOST_WORDS:
            break
        last = index
    end = spans[last].end
    if last == 0:
        score -= 0.8
    return Candidate(passage, Span(spans[0].start, end), score, whole=last == len(spans) - 1)


def shorten(text: str, span: Span) -> Span:
    """The first part of a long sentence, cut between items, never inside a dose or parentheses.

    What is left off must hold no number, negation, exception or condition: leaving those off
    could turn the meaning, so such a sentence stays whole.
    """
    sentence = text[span.start : span.end]
    if len(sentence.split()) <= MOST_WORDS:
        return span
    best = 0
    for found in _CUT.finditer(sentence):
        head, rest = sentence[: found.start()], sentence[found.end() :]
        words = len(head.split())
        if words > MOST_WORDS:
            break
        closed = head.count("(") == head.count(")")
        if words > 2 * _LEAST_WORDS and closed and not _turns(rest):
            best = found.start()
    return Span(span.start, span.start + best) if best else span


def _turns(rest: str) -> bool:
    """Whether leaving `rest` off could change what is meant."""
    return _MUST_STAY.search(rest) is not None or any(
        fact.kind in {"number", "denial", "condition"} for fact in facts(rest)
    )


def _defines(text: str, topic: set[str]) -> bool:
    """Whether `text` begins with the topic and says what it is."""
    found = _IS.search(text)
    if found is None:
        return False
    before = {stem(word) for word in content_words(text[: found.start()])}
    return bool(topic & before) and len(before) <= len(topic) + _LEAST_WORDS


def _score(query: str, text: str, wanted: set[str], title: set[str]) -> float:
    words = content_words(text)
    held = {stem(word) for word in words}
    own, shared = wanted - title, wanted & title
    score = 2.0 * len(own & held) / len(own) if own else 0.0
    score += 0.6 * len(shared & held) / len(shared) if shared else 0.0
    if held & wanted and any(holds(text, value) for value in values(query)):
        score += _AT_LEVEL
    score += 0.7 * sum(tells.search(text) is not None for tells in cues(query))
    if _DEFINES.search(query) and _defines(text, shared):
        score += 1.2
    if len(words) < _LEAST_WORDS:
        score -= 0.8
    if text.rstrip().endswith("?") or _ASIDE.search(text):
        score -= 1.5
    if _LEANS.search(text):
        score -= 0.4
    if len(text.split()) > MOST_WORDS:
        score -= 0.2
    return score
