"""Documents and jobs as the rest of the hub sees them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints

from voiceassist.contract.edition import EmbeddingSpec, PackRef

JobState: TypeAlias = Literal["queued", "running", "done", "failed"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobView(_Value):
    """An indexing job. `progress` is 0 to 100; `error` a line for a person."""

    state: JobState
    progress: int
    attempts: int
    error: str


_Line: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class Description(_Value):
    """What is said of a document beside its file; a field that is None is as the file has it."""

    title: Annotated[_Line, StringConstraints(min_length=1)] | None = None
    source: _Line | None = None
    specialty: _Line | None = None
    effective: dt.date | None = None
    review: dt.date | None = None
    superseded_by: _Line | None = None

    def given(self) -> dict[str, Any]:
        """The fields that are said, as JSON values."""
        return self.model_dump(mode="json", exclude_none=True)


class DocumentView(_Value):
    """A document.

    `version` is the newest taken in, `serving` the one that editions hold (0: none), `held` the
    one that waits for an administrator's release (0: none) with `findings` that tell of a
    patient. `unread` counts pages of pictures that nothing was read from. `notes` are lines
    for a person.
    """

    id: str
    title: str
    name: str
    version: int
    serving: int
    passages: int
    size: int
    sha256: str
    added_ms: int
    job: JobView
    held: int
    findings: int
    source: str
    specialty: str
    effective: dt.date | None
    review: dt.date | None
    superseded_by: str
    unread: int
    notes: tuple[str, ...] = ()


class Added(_Value):
    """What taking in a file did; `new` is false where the hub had exactly this content."""

    document: DocumentView
    new: bool


class ServedPack(_Value):
    """A document's pack that would be published, with what made it and the drugs it names."""

    ref: PackRef
    embedding: EmbeddingSpec
    drugs: tuple[str, ...]


class Draft(_Value):
    """A file that was read and found good, before it is kept; `sidecar` says what stands by it."""

    id: str
    title: str
    name: str
    sha256: str
    size: int
    actor: str
    sidecar: Description | None = None


class Task(_Value):
    """What the worker is to index. `previous` is the pack that serves now, if one does."""

    job: int
    document: str
    version: int
    name: str
    sha256: str
    attempts: int
    described: Description
    previous: ServedPack | None


class Finding(_Value):
    """A stretch `[start, end)` of a document's text that tells of a patient.

    `digest` is of its kind and words, so that the same words need no second release.
    """

    kind: str
    start: int
    end: int
    place: str
    digest: str


class Judgement(_Value):
    """What the gate says of a document's text; with a `problem` it could not judge.

    `by` names the gate that judged, its policy and lists; "" where none did.
    """

    findings: tuple[Finding, ...] = ()
    by: str = ""
    problem: str = ""


class FindingView(_Value):
    """A finding as an administrator sees it, with some words around."""

    kind: str
    place: str
    before: str
    words: str
    after: str


class Review(_Value):
    """What keeps a version back; `problem` where the gate could not judge."""

    document: str
    title: str
    version: int
    problem: str
    findings: tuple[FindingView, ...]


class Built(_Value):
    """What the indexer made of a task; the bytes are in the store under `pack.ref.sha256`."""

    title: str
    pack: ServedPack
    described: Description
    recipe: str
    unread: int
    judgement: Judgement
