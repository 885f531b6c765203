"""The hub's own copy of what it published: searched for evidence before the cloud is asked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.editions.service import EditionService
from hub.errors import NotFound
from hub.ports import Clock
from hub.storage.blobs import Blobs
from voiceassist.contract.edition import PackRef
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.trust import Trust
from voiceassist.engines.ports import Embedder
from voiceassist.knowledge.editions.source import Offer, read_chunks
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.editions.update import update
from voiceassist.knowledge.search.filters import Filters
from voiceassist.knowledge.search.library import Library

log = logging.getLogger(__name__)

_ALL = Filters()


class OwnSource:
    """What this hub published, as a source."""

    def __init__(self, editions: EditionService, packs: Blobs) -> None:
        self._editions = editions
        self._packs = packs

    def manifest(self, etag: str) -> Offer | None:
        """The newest edition."""
        try:
            published = self._editions.current()
        except NotFound:
            return None
        if published.etag == etag:
            return None
        return Offer(published.envelope.to_json(), published.etag)

    def keys(self, after: int) -> bytes:
        """The statements of keys after version `after`."""
        return self._editions.key_chain(after)

    def pack_list(self, root: str, held: str) -> bytes:
        """A list as an update of another."""
        return self._editions.pack_list(root, held)

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes from `offset`."""
        return read_chunks(self._packs.path(ref.sha256), offset)

    def patch(self, ref: PackRef, base: str) -> bytes:
        """None: the packs are on the same disk."""
        del ref, base
        return b""


class PublishedLibrary:
    """Follows the newest edition. Thread-safe; who asks waits only for the first one."""

    def __init__(
        self,
        root: Path,
        source: OwnSource,
        trust: Callable[[], Trust],
        clock: Clock,
        *,
        embedder: Callable[[], Embedder],
    ) -> None:
        self._root = root
        self._source = source
        self._trust = trust
        self._clock = clock
        self._embedder = embedder
        self._etag = ""
        self._store: EditionStore | None = None
        self._before: Library | None = None  # who began to search it may finish
        self._following = threading.Lock()

    def find(self, query: str, limit: int, filters: Filters = _ALL) -> list[Passage]:
        """The best passages, best first; empty where no edition is published."""
        store = self._store
        library = (store.current() if store else None) or self.follow()
        return library.find(query, limit, filters) if library else []

    def drug_names(self) -> tuple[str, ...]:
        """The medicines that the newest edition names, those named most first."""
        library = self._store.current() if self._store else None
        return library.drug_names if library else ()

    def follow(self) -> Library | None:
        """The newest edition, installed first where it is new; raises `VoiceAssistError`."""
        with self._following:
            if self._store is None:
                if self._source.manifest("") is None:
                    return None
                self._store = EditionStore(self._root, self._embedder(), self._trust())
            before = self._store.current()
            now_s = self._clock() // 1000
            self._etag = update(self._store, self._source, now_s=now_s, etag=self._etag)
            library = self._store.current()
            if library is not before:
                if self._before is not None:
                    self._before.close()
                self._before = before
        if library is not None and library is not before:
            log.info("edition %d serves on the hub", library.version)
        return library
