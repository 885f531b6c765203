"""What is asked of the gate, and what it says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PhiQuestion(_Value):
    """Words to judge; they are judged and forgotten."""

    text: Annotated[str, Field(min_length=1, max_length=2000, repr=False)]


class PhiVerdict(_Value):
    """Held stays in the building; `reasons` are codes, `kinds` what the gate found."""

    held: bool
    reasons: tuple[str, ...]
    kinds: tuple[str, ...]


class PhiItem(_Value):
    """A stretch that may identify a person: characters `start` to `end` of the text."""

    kind: str
    start: int
    end: int
    score: float
    by: str


class PhiExplained(_Value):
    """One judge's verdict: "room" is the rooms' own, "hub" judges what they clear once more."""

    judge: Literal["room", "hub"]
    held: bool
    reasons: dict[str, str]
    items: tuple[PhiItem, ...]
