"""The hub's own copy of what it published: searched for evidence before the cloud is asked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from hub.editions.service import EditionService
from hub.errors import NotFound
from hub.ports import Clock
from hub.storage.blobs import Blobs
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.signing import KeyRing
from voiceassist.engines.ports import Embedder
from voiceassist.knowledge.editions import EditionStore
from voiceassist.knowledge.library import Library

log = logging.getLogger(__name__)


class PublishedLibrary:
    """Follows the newest edition. Thread-safe."""

    def __init__(
        self,
        root: Path,
        editions: EditionService,
        packs: Blobs,
        trusted: KeyRing,
        clock: Clock,
        *,
        clinic: str,
        embedder: Callable[[], Embedder],
    ) -> None:
        self._root = root
        self._editions = editions
        self._packs = packs
        self._trusted = trusted
        self._clock = clock
        self._clinic = clinic
        self._embedder = embedder
        self._store: EditionStore | None = None
        self._lock = threading.Lock()

    def find(self, query: str, limit: int) -> list[Passage]:
        """The best passages, best first; empty where no edition is published."""
        library = self.follow()
        return library.find(query, limit) if library else []

    def follow(self) -> Library | None:
        """The newest edition, installed first where it is new; raises `VoiceAssistError`."""
        newest = self._editions.newest()
        if newest == 0:
            return None
        with self._lock:
            if self._store is None:
                self._store = EditionStore(
                    self._root, self._embedder(), self._trusted, self._clinic
                )
            current = self._store.current()
            if current is not None and current.version >= newest:
                return current
            try:
                envelope = self._editions.current().envelope
            except NotFound:
                return current
            installed = self._store.install(
                envelope, lambda pack: self._packs.get(pack.sha256), now_s=self._clock() // 1000
            )
        log.info("edition %d serves on the hub", installed.version)
        return installed
