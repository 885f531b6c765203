"""What the documents room asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from hub.documents.schemas import ServedPack, Task
from voiceassist.contract.edition import EmbeddingSpec


class Read(NamedTuple):
    """What a file says of itself: an id that stays over versions, and a title."""

    id: str
    title: str


class Reader(Protocol):
    """Reads a file as far as to know that it can be indexed."""

    def __call__(self, name: str, data: bytes) -> Read:
        """Raises `BadInput` for what the library can't take."""


class MadePack(NamedTuple):
    """A pack's bytes, and how it is listed."""

    data: bytes
    title: str
    pack: ServedPack


class Indexer(Protocol):
    """Turns a file into a pack."""

    def embedding(self) -> EmbeddingSpec:
        """What makes the vectors now; raises `Unavailable` where the model is not here."""

    def index(
        self, task: Task, data: bytes, previous: bytes | None, progress: Callable[[int], None]
    ) -> MadePack:
        """Index `data`; `previous` is the pack that serves now. `progress` takes 0 to 100."""
