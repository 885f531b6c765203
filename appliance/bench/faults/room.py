"""A room of the product's own code, and what must be true of it after every step.

Law: nothing here repairs or retries; the store, the update and the thread's `check` are real.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from appliance.bench.faults.hub import EMBEDDER, VirtualHub
from appliance.sync.editions import EditionSync
from voiceassist.knowledge.editions.packs import Pack, read_pack
from voiceassist.knowledge.editions.source import LibrarySource
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.editions.update import update
from voiceassist.knowledge.search.library import Library

_ROWS = """
    SELECT d.document, p.start, p."end", p.place, p.context, v.embedding, w.body
    FROM passages p JOIN documents d ON d.id = p.document JOIN vectors v ON v.rowid = p.id
    JOIN words w ON w.rowid = p.id ORDER BY d.document, p.start
"""
_FOUND = """
    SELECT d.document FROM words w JOIN passages p ON p.id = w.rowid
    JOIN documents d ON d.id = p.document WHERE words MATCH ?
"""


class Broken(Exception):
    """What a room must never do, it did."""


class FaultyRoom:
    """A room's process, which `restart` begins anew from its disk."""

    def __init__(
        self, root: Path, hub: VirtualHub, source: LibrarySource, now_s: Callable[[], int]
    ) -> None:
        self._root = root
        self._hub = hub
        self._source = source
        self._now_s = now_s
        self.highest = 0  # version that ever served
        self.floor = 0  # version that must at least serve
        self.keys_floor = 1
        self.serving: Library | None = None
        self.restart()

    @property
    def version(self) -> int:
        """What serves; 0 for nothing."""
        return self.serving.version if self.serving else 0

    def restart(self) -> None:
        """A new process: what the old one had open is gone."""
        self._close()
        self._store = EditionStore(self._root, EMBEDDER, self._hub.anchor)
        self._sync = EditionSync(self._store, self._source, self._use, now=self._now_s)
        self.serving = self._store.current()

    def check(self) -> None:
        """One look at the hub, as the room's thread does; raises what that would."""
        self._sync.check()

    def bring_by_file(self) -> None:
        """Another process installs what the hub offers, without a network."""
        beside = EditionStore(self._root, EMBEDDER, self._hub.anchor)
        try:
            update(beside, self._hub, now_s=self._now_s())
        finally:
            library = beside.current()
            if library is not None:
                library.close()

    def close(self) -> None:
        """The end."""
        self._close()

    def examine(self, draw: random.Random) -> None:
        """Raises `Broken` where what serves is not whole and verified, or went back."""
        library = self.serving
        if self.version < self.floor:
            raise Broken(f"serves {self.version}, went back from {self.floor}")
        keys = self._store.keys.now().version
        if keys < self.keys_floor:
            raise Broken(f"trusts keys {keys}, went back from {self.keys_floor}")
        self.floor, self.keys_floor = self.version, keys
        self.highest = max(self.highest, self.version)
        if library is not None:
            self._examine_content(library, draw)

    def _examine_content(self, library: Library, draw: random.Random) -> None:
        packs = self._hub.published.get(library.manifest)
        if packs is None:
            raise Broken(f"serves edition {library.version}, which was never published")
        if set(library.packs()) != {pack.ref for pack in packs}:
            raise Broken(f"edition {library.version} is a mixture")
        for pack in packs:
            if library.document_text(pack.ref.document) != _content(pack).header.text:
                raise Broken(f"another text of {pack.ref.document} than was published")
        rows = sorted(row for pack in packs for row in _rows_of(pack))
        found = library.read(lambda connection: connection.execute(_ROWS).fetchall())
        if [tuple(row) for row in found] != rows:
            raise Broken(f"edition {library.version} has other passages than were published")
        word, document = _word_of(draw.choice(packs))
        by_words = library.read(lambda connection: connection.execute(_FOUND, (word,)).fetchall())
        if {row[0] for row in by_words} != {document} or not library.find(word):
            raise Broken(f"edition {library.version} does not find {word!r}")

    def _use(self, library: Library) -> None:
        before, self.serving = self.serving, library
        if before is not None:
            before.close()

    def _close(self) -> None:
        with contextlib.suppress(AttributeError):
            for library in {self.serving, self._store.current()}:
                if library is not None:
                    library.close()


@lru_cache(4096)
def _content(pack: Pack) -> Any:
    return read_pack(pack.data, pack.ref)


@lru_cache(4096)
def _rows_of(pack: Pack) -> tuple[tuple[object, ...], ...]:
    content = _content(pack)
    text = content.header.text
    return tuple(
        (
            content.header.document, one.start, one.end, one.place, one.context,
            vector.tobytes(), text[one.start : one.end],
        )
        for one, vector in zip(content.header.passages, content.directions, strict=True)
    )  # fmt: skip


def _word_of(pack: Pack) -> tuple[str, str]:
    text = str(_content(pack).header.text)
    return text.split("Give ", 1)[1].split(" ", 1)[0], pack.ref.document
