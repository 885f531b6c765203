"""Conversations, their messages, and what is told while an answer is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Route = Literal["hub", "cloud"]
Wanted = Literal["auto", "hub", "cloud"]
Title = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NewConversation(_Value):
    """Begins a conversation; without a title it is called by its first question."""

    title: Title | None = Field(default=None, repr=False)


class Renaming(_Value):
    """A new title."""

    title: Title = Field(repr=False)


class ConversationView(_Value):
    """A conversation of one's own; times are Unix milliseconds."""

    id: str
    title: str = Field(repr=False)
    created_ms: int
    updated_ms: int
    messages: int


class Question(_Value):
    """A typed question.

    `route`: "hub" keeps it in the building, "cloud" demands the cloud model and fails where that is
    not allowed, "auto" asks it where both judges clear the question and the site allows it.
    """

    text: Annotated[str, Field(min_length=1, max_length=2000, repr=False)]
    route: Wanted = "auto"


class CitationView(_Value):
    """Where words come from: `quote` stands in `version` of the document at `start` to `end`."""

    document_id: str
    version: int
    title: str
    place: str
    quote: str
    start: int
    end: int


class SentenceView(_Value):
    """A sentence of an answer. `kind`: "quote" is the library's, "composed" a model's, checked."""

    text: str
    kind: Literal["lead", "quote", "composed", "notice"]
    citations: tuple[CitationView, ...]


class VerdictView(_Value):
    """What the gate said of a question: held stays on the hub. `kinds` are of what it found."""

    held: bool
    reasons: tuple[str, ...]
    kinds: tuple[str, ...]


class MessageView(_Value):
    """A message: a person's with its verdict, or the assistant's with its route and sentences."""

    id: str
    conversation_id: str
    role: Literal["user", "assistant"]
    text: str = Field(repr=False)
    created_ms: int
    verdict: VerdictView | None = None
    route: Route | None = None
    found: bool | None = None
    sentences: tuple[SentenceView, ...] = Field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """The question was judged, and takes a route."""

    verdict: VerdictView
    route: Route


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of the answer, as it comes."""

    sentence: SentenceView


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole, and kept."""

    message: MessageView


Event: TypeAlias = Judged | Said | Done
