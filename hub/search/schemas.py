"""What is searched for, and what is found."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class SearchFilters(BaseModel):
    """What may be found: of a specialty, in effect on a day, superseded only if said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specialty: Annotated[str, Field(max_length=100)] = ""
    on: dt.date | None = None
    superseded: bool = False


class SearchRequest(BaseModel):
    """A question or words, and how many results are wanted at most."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    query: Annotated[str, Field(min_length=1, max_length=500, repr=False)]
    filters: SearchFilters = SearchFilters()
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class SearchResult(BaseModel):
    """A passage. `snippet` is its own text, shortened; `relevance_score` falls along the list.

    `strength`, 0 to 1, tells how well the passage answers by itself; `taken_for` which words were
    taken for which of the library's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_id: str
    version: int
    title: str
    place: str
    snippet: str
    relevance_score: float
    strength: float
    specialty: str
    taken_for: tuple[str, ...]
