"""The room's library as a stage: one edition at a time, replaced between questions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Protocol

from voiceassist.contract.knowledge import Passage, Source
from voiceassist.knowledge.answers.cache import Scope


class Edition(Protocol):
    """What the shelf needs of a `Library`."""

    version: int
    state_root: str
    drug_names: tuple[str, ...]

    def find(self, query: str, limit: int = 5) -> list[Passage]:
        """The best passages."""

    def document_text(self, document: str) -> str | None:
        """A document's stored text."""

    def close(self) -> None:
        """Close it."""


class Shelf:
    """Holds the edition that is searched; thread-safe."""

    def __init__(self, edition: Edition | None = None) -> None:
        self._edition = edition
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """The edition's version, 0 where there is none yet."""
        edition = self._edition
        return edition.version if edition else 0

    @property
    def drug_names(self) -> tuple[str, ...]:
        """The drugs that the edition speaks of."""
        edition = self._edition
        return edition.drug_names if edition else ()

    def scope(self, policy: str) -> Scope | None:
        """What an answer made now holds for; None where there is no edition."""
        edition = self._edition
        return Scope(edition.version, edition.state_root, policy) if edition else None

    def put(self, edition: Edition) -> None:
        """Search `edition` from now on; the one before is closed."""
        with self._lock:
            before, self._edition = self._edition, edition
            if before is not None and before is not edition:
                before.close()

    async def find(self, query: str) -> Sequence[Passage]:
        """The passages that answer `query`, the best first."""
        return await asyncio.to_thread(self._find, query) if query.strip() else ()

    def holds(self, source: Source) -> bool:
        """Whether the edition has exactly the quoted words at the place."""
        with self._lock:
            text = self._edition.document_text(source.document) if self._edition else None
        return text is not None and text[source.start : source.end] == source.quote

    def close(self) -> None:
        """Close the edition."""
        with self._lock:
            if self._edition is not None:
                self._edition.close()
                self._edition = None

    def _find(self, query: str) -> Sequence[Passage]:
        with self._lock:
            return self._edition.find(query) if self._edition else ()
