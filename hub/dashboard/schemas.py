"""What the pages show. Times are Unix milliseconds; 0 is never."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room."""

    name: str
    status: Literal["ready", "degraded", "offline", "never seen"]
    edition: int
    release: str
    turns: int
    owed: int
    seen_ms: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditionLine:
    """A published edition."""

    version: int
    created_ms: int
    expires_ms: int
    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route with its turns, and their share of all in per mille."""

    route: str
    turns: int
    per_mille: int


@dataclass(frozen=True, slots=True)
class TrailState:
    """Whether the audit trail holds. `problem` says where it does not."""

    verified: bool
    entries: int
    journals: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrailLine:
    """An audit entry."""

    number: int
    when_ms: int
    box: str
    actor: str
    action: str
    outcome: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of the last seven days: how many, and the newest."""

    recent: int
    newest: TrailLine | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document with its indexing: state, percent, and an error for a person."""

    id: str
    title: str
    name: str
    version: int
    serving: int
    passages: int
    added_ms: int
    state: Literal["queued", "running", "done", "failed"]
    progress: int
    error: str


@dataclass(frozen=True, slots=True)
class Library:
    """What is published, and what an edition published now would hold.

    `problem` is a line for the administrator, empty where there is none.
    """

    current: EditionLine | None
    indexed: int
    waiting: int
    unpublished: bool
    problem: str = ""
