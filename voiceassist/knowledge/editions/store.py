"""What a machine holds of the library: always one whole, verified edition.

Law: `current.json` names a file that was complete, checked and synced before the name was
written, and it changes by one atomic rename (`kept.py`). Who installs holds the lock of the
folder, so two processes never install at once; who reads never waits for who installs. A crash
leaves:

- while packs are fetched: packs that are whole, and `.part`s that the next fetch goes on with
  (whatever they hold: a pack counts by its hash when it is used);
- while the next file is built: a `.next` file, which the next install removes;
- after the file is renamed into place, before the pointer: a file that nobody names;
- after the pointer: the new edition, and files of older ones that the next install removes.

The last edition is kept beside the current one and served when the current file is damaged.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from voiceassist import files
from voiceassist.contract.edition import EmbeddingSpec, Manifest, PackRef
from voiceassist.contract.packlist import state_root
from voiceassist.contract.trust import Trust
from voiceassist.engines.ports import Embedder, Reranker
from voiceassist.errors import Unverified
from voiceassist.knowledge.editions import canary, database
from voiceassist.knowledge.editions.kept import (
    Named,
    check_bytes,
    checked,
    kept_in,
    name_for,
    point,
    usable_in,
)
from voiceassist.knowledge.editions.packs import PackContent, embedding_of
from voiceassist.knowledge.editions.trusted import TrustedKeys
from voiceassist.knowledge.search.library import Library

_Mark: TypeAlias = tuple[str, int, int]  # a file's name, inode and time: which file it is


def make_manifest(
    packs: Iterable[PackRef],
    *,
    clinic: str,
    version: int,
    created_s: int,
    expires_s: int,
    keys: int,
    embedding: EmbeddingSpec,
) -> Manifest:
    """An edition of `packs`, signed under version `keys` of the trusted keys."""
    refs = tuple(packs)
    return Manifest(
        clinic=clinic,
        version=version,
        created_s=created_s,
        expires_s=expires_s,
        keys=keys,
        embedding=embedding,
        state_root=state_root(refs),
        documents=len(refs),
        passages=sum(ref.passages for ref in refs),
        size=sum(ref.size for ref in refs),
    )


class EditionStore:
    """The editions under `root`, signed by keys that follow from `anchor`. Thread-safe.

    `knowledge.editions.update.update` fills it.
    """

    def __init__(
        self,
        root: Path,
        embedder: Embedder,
        anchor: Trust,
        *,
        reranker: Reranker | None = None,
    ) -> None:
        self._root = root
        self._embedder = embedder
        self._reranker = reranker
        self._looking = threading.Lock()
        self._open: Library | None = None
        self._open_mark: _Mark | None = None
        self._damaged: set[_Mark] = set()
        self.packs = root / "packs"
        self.keys = TrustedKeys(root / "keys.json", anchor)

    def current(self) -> Library | None:
        """The newest whole edition, open; None where there is none yet."""
        return self._open or self.refresh()

    def refresh(self) -> Library | None:
        """As `current`, after a look at what other processes installed meanwhile.

        The library given out before is left open for whoever still reads it; they close it.
        """
        with self._looking:
            with contextlib.suppress(OSError):
                files.sync_folder(self._root)  # who was killed may not have come to it
            for named in usable_in(self._root):
                mark = self._mark(named)
                if mark is None or mark in self._damaged:
                    continue
                if mark == self._open_mark:
                    break
                try:
                    self._open = self._serve(named)
                except Unverified:
                    self._damaged.add(mark)
                else:
                    self._open_mark = mark
                    break
            return self._open

    @contextlib.contextmanager
    def exclusively(self) -> Iterator[None]:
        """Inside, no other thread or process installs here; waits until that is so."""
        self._root.mkdir(parents=True, exist_ok=True)
        # read-only, so that a lock file of another user's making still serves
        handle = os.open(self._root / "lock", os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def newer_than(self) -> int:
        """The version that an edition must exceed to be installed.

        The newest one's own where that serves; where it is damaged, it may come again.
        """
        newest = max((named.version for named in self._kept()), default=0)
        serving = self._open.version if self._open else 0
        return serving if serving >= newest else newest - 1

    def held(self) -> tuple[PackRef, ...]:
        """The packs of the edition that serves."""
        library = self.current()
        return library.packs() if library else ()

    def check_embedding(self, manifest: Manifest) -> None:
        """Raises `Unverified` for an edition whose vectors this machine can't search."""
        if manifest.embedding != embedding_of(self._embedder):
            raise Unverified(
                f"edition {manifest.version} was made with the embedding model"
                f" {manifest.embedding.model}, this machine runs {self._embedder.model}; "
                "install the same release on both"
            )

    def install(
        self,
        manifest: Manifest,
        packs: Sequence[PackRef],
        contents: Iterator[tuple[PackRef, PackContent]],
    ) -> Library:
        """Build, check and swap in an edition that is verified; the caller holds the lock.

        `contents` gives the packs that the serving edition lacks. Raises `Unverified` and
        leaves the current edition serving.
        """
        named = self._build(manifest, packs, contents)
        library = Library(self._root / named.file, self._embedder, self._reranker)
        kept = (named, *self._before(named))[:2]
        with self._looking:
            point(self._root, kept)
            self._open, self._open_mark = library, self._mark(named)
        self._tidy({one.file for one in kept}, {pack.sha256 for pack in packs})
        return library

    def _build(
        self,
        manifest: Manifest,
        packs: Sequence[PackRef],
        contents: Iterator[tuple[PackRef, PackContent]],
    ) -> Named:
        """The edition's file under its final name, checked and durable."""
        building = self._root / f"edition-{manifest.version}.next"
        _remove(building)
        before = self._serving_file()
        if before is not None:
            database.copy(before, building)
        connection = database.connect(building, write=True)
        try:
            if before is None:
                database.create(connection, manifest.embedding.dimension)
            database.apply(connection, manifest, packs, contents)
            if database.check(connection) != manifest:
                raise Unverified("the library's file is of another edition; synchronise again")
            canary.sing(connection, manifest, self._embedder)
        finally:
            connection.close()
        files.sync_file(building)
        named = name_for(manifest.version, building)
        files.replace_durable(building, self._root / named.file)
        return named

    def _serving_file(self) -> Path | None:
        """What the next edition begins from; raises `Unverified` where a disk spoiled it."""
        if self._open is None or self._open_mark is None:
            return None
        path = self._root / self._open_mark[0]
        try:
            check_bytes(path)
        except Unverified:
            with self._looking:
                self._damaged.add(self._open_mark)
                self._open = self._open_mark = None
            raise
        return path

    def _serve(self, named: Named) -> Library:
        path = self._root / named.file
        checked(path)
        return Library(path, self._embedder, self._reranker)

    def _before(self, named: Named) -> Iterator[Named]:
        """The editions before `named` whose files nobody found damaged."""
        for one in usable_in(self._root):
            mark = self._mark(one)
            if one.version < named.version and mark is not None and mark not in self._damaged:
                yield one

    def _mark(self, named: Named) -> _Mark | None:
        try:
            found = (self._root / named.file).stat()
        except OSError:
            return None
        return named.file, found.st_ino, found.st_mtime_ns

    def _kept(self) -> tuple[Named, ...]:
        return kept_in(self._root)

    def _tidy(self, kept: set[str], packs: set[str]) -> None:
        """Packs of the edition that serves stay: what comes next is patched from them."""
        for path in self._root.glob("edition-*"):
            if path.name not in kept:
                _remove(path)
        for path in self.packs.glob("*"):
            if path.name not in packs:
                _remove(path)


def manifest_at(root: Path) -> Manifest | None:
    """What the store in `root` would serve, told without an embedder; None for nothing."""
    for named in usable_in(root):
        with contextlib.suppress(Unverified):
            return checked(root / named.file)
    return None


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
