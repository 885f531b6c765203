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
    """A document with its indexing: state, percent, and an error for a person.

    `held` is the version that waits for release (0: none), dates are ISO days or "".
    """

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
    attempts: int
    held: int
    findings: int
    source: str
    specialty: str
    effective: str
    review: str
    superseded_by: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """What may identify a patient, with some words around."""

    kind: str
    place: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class ReviewSheet:
    """What keeps a version back; `problem` where the gate could not judge."""

    document: str
    title: str
    version: int
    problem: str
    findings: tuple[FindingLine, ...]


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
