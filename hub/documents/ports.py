"""What the documents room asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from hub.documents.schemas import Description, ServedPack, Task
from voiceassist.contract.verdict import Item


class Read(NamedTuple):
    """What a file says of itself: an id that stays over versions, and a title."""

    id: str
    title: str


class Reader(Protocol):
    """Reads a file as far as to know that it can be indexed."""

    def __call__(self, name: str, data: bytes) -> Read:
        """Raises `BadInput` for what the library can't take."""


class Place(NamedTuple):
    """Where in a document `text[start:end]` stands, for a person."""

    start: int
    end: int
    place: str


@dataclass(frozen=True, slots=True)
class MadePack:
    """A pack's bytes, how it is listed, what the document says of itself, and its words."""

    data: bytes = field(repr=False)
    title: str
    pack: ServedPack
    described: Description
    recipe: str
    unread: int
    text: str = field(repr=False)
    places: tuple[Place, ...]


class Inspector(Protocol):
    """The PHI gate over whole documents."""

    def name(self) -> str:
        """The gate that judges now, its policy and lists: SHA-256. Raises `VoiceAssistError`."""

    def inspect(self, text: str) -> Sequence[Item]:
        """What in `text` tells of a patient; raises whatever goes wrong."""


class Words(Protocol):
    """Reads a pack's text."""

    def __call__(self, data: bytes, pack: ServedPack) -> str:
        """The text; raises `Unverified`."""


class Indexer(Protocol):
    """Turns a file into a pack."""

    def recipe(self, name: str) -> str:
        """What would make the pack of a file called `name` now: SHA-256.

        Raises `Unavailable` where the embedding model is not here.
        """

    def index(
        self, task: Task, data: bytes, previous: bytes | None, progress: Callable[[int], None]
    ) -> MadePack:
        """Index `data`; `previous` is the pack that serves now. `progress` takes 0 to 100."""
