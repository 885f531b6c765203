"""Documents and jobs as the rest of the hub sees them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

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


class DocumentView(_Value):
    """A document. `version` is the newest taken in, `serving` the newest indexed (0: none)."""

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
    """A file that was read and found good, before it is kept."""

    id: str
    title: str
    name: str
    sha256: str
    size: int
    actor: str


class Task(_Value):
    """What the worker is to index. `previous` is the pack that serves now, if one does."""

    job: int
    document: str
    version: int
    name: str
    sha256: str
    attempts: int
    previous: ServedPack | None


class Built(_Value):
    """What the indexer made of a task; the bytes are in the store under `pack.ref.sha256`."""

    title: str
    pack: ServedPack
