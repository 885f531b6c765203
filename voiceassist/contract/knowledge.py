"""Passages, citations and answers: what room and hub mean by evidence (law 2)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Source(BaseModel):
    """Where words come from, exact enough to open the document at the place.

    `start` and `end` are character offsets of `quote` into the stored text of `version` of
    the document; `place` is for a person ("page 3", "Treatment > Adults").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str
    version: int
    title: str
    place: str
    quote: str
    start: int
    end: int


class Passage(BaseModel):
    """A stretch of a document, as search finds it.

    `id` is unique in an edition; `start` and `end` are character offsets of `text` into the
    document's stored text; `score` is the fused score and `strength` 0 to 1 how well
    the passage answers by the measures of `knowledge.search.strength`. `taken_for` tells which
    words, as heard, were taken for which of the library's ("metformine: metformin"); where it is
    not empty, strength is lowered, for a drug's name most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    document: str
    version: int
    title: str
    place: str
    text: str
    start: int
    end: int
    specialty: str = ""
    score: float = 0.0
    strength: float = 0.0
    taken_for: tuple[str, ...] = ()


class Sentence(BaseModel):
    """One sentence to speak.

    `text` is spoken. `kind`: "lead" names the source, "quote" is the library's own words,
    "composed" was written by a model and checked against `sources`, "notice" is one of the
    assistant's fixed phrases ("the library has nothing on that") and needs no evidence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    kind: Literal["lead", "quote", "composed", "notice"]
    sources: tuple[Source, ...] = Field(default=())
