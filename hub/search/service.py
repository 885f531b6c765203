"""Searches what is published, as a room would. Words searched for are kept and logged nowhere."""

from __future__ import annotations

from hub.search.ports import Published
from hub.search.schemas import SearchRequest, SearchResult
from voiceassist.contract.knowledge import Passage
from voiceassist.knowledge.search.filters import Filters

_LONGEST_SNIPPET = 400


class Search:
    """The library, searched."""

    def __init__(self, published: Published) -> None:
        self._published = published

    def find(self, wanted: SearchRequest) -> list[SearchResult]:
        """The best passages, the best first; raises `Unavailable` where it can't be searched."""
        filters = Filters(**wanted.filters.model_dump())
        return [_result(one) for one in self._published.find(wanted.query, wanted.limit, filters)]


def snippet(text: str) -> str:
    """At most 400 characters, ended at a word."""
    if len(text) <= _LONGEST_SNIPPET:
        return text
    return text[:_LONGEST_SNIPPET].rsplit(" ", 1)[0] + " …"


def _result(passage: Passage) -> SearchResult:
    return SearchResult(
        document_id=passage.document,
        version=passage.version,
        title=passage.title,
        place=passage.place,
        snippet=snippet(passage.text),
        relevance_score=round(passage.score, 4),
        strength=round(passage.strength, 4),
        specialty=passage.specialty,
        taken_for=passage.taken_for,
    )
