"""What a machine holds of the library: always one whole, verified edition.

Law: `current.json` names a file that was complete, checked and synced before the name was
written, and it changes by one atomic rename. A crash leaves:

- while packs are fetched: packs that are whole (kept, they need no second fetch) or `.part`;
- while the next file is built: a `.next` file, which the next install removes;
- after the file is renamed into place, before the pointer: a file that nobody names;
- after the pointer: the new edition, and files of older ones that the next install removes.

The last edition is kept beside the current one and served when the current file is damaged.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from voiceassist import files
from voiceassist.contract.edition import (
    EmbeddingSpec,
    Manifest,
    PackRef,
    open_manifest,
    state_root,
)
from voiceassist.contract.signing import Envelope, KeyRing
from voiceassist.engines.ports import Embedder
from voiceassist.errors import Unverified
from voiceassist.knowledge import database
from voiceassist.knowledge.drugs import most_named
from voiceassist.knowledge.library import Library
from voiceassist.knowledge.packs import Pack, PackContent, embedding_of, read_pack

_EDITION = re.compile(r"edition-(\d+)-[0-9a-f]+\.sqlite")

Fetch = Callable[[PackRef], bytes]


class _Named(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    file: str


class _Pointer(BaseModel):
    """The editions kept, the current one first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    editions: tuple[_Named, ...] = ()


def make_manifest(
    packs: Iterable[Pack],
    *,
    clinic: str,
    version: int,
    created_s: int,
    expires_s: int,
    embedding: EmbeddingSpec,
    drug_names: Sequence[str] | None = None,
) -> Manifest:
    """An edition of `packs`; its drug names are the packs' where none are given."""
    held = sorted(packs, key=lambda pack: pack.ref.document)
    named = most_named(pack.drugs for pack in held) if drug_names is None else drug_names
    refs = tuple(pack.ref for pack in held)
    return Manifest(
        clinic=clinic,
        version=version,
        created_s=created_s,
        expires_s=expires_s,
        embedding=embedding,
        packs=refs,
        state_root=state_root(refs),
        drug_names=tuple(dict.fromkeys(named)),
    )


class EditionStore:
    """The editions under `root`, for `clinic`, signed by one of the `trusted` keys."""

    def __init__(self, root: Path, embedder: Embedder, trusted: KeyRing, clinic: str) -> None:
        self._root = root
        self._packs = root / "packs"
        self._pointer = root / "current.json"
        self._embedder = embedder
        self._trusted = trusted
        self._clinic = clinic
        self._open: Library | None = None
        self._lock = threading.RLock()

    def current(self) -> Library | None:
        """The newest whole edition, open; None where there is none yet."""
        with self._lock:
            for named in self._kept() if self._open is None else ():
                with contextlib.suppress(Unverified):
                    self._open = self._serve(named)
                    break
            return self._open

    def missing(self, manifest: Manifest) -> tuple[PackRef, ...]:
        """The packs of `manifest` that must be fetched."""
        held = set(self._held())
        return tuple(p for p in manifest.packs if p not in held and not self._is_fetched(p))

    def install(self, envelope: Envelope, fetch: Fetch, *, now_s: int) -> Library:
        """Verify, fetch what is missing, build, check and swap; returns the new edition.

        Raises `Unverified` and leaves the current edition serving; raises `StoreFull` where
        the disk is full; what `fetch` raises passes through. The library returned before is
        left open for whoever still reads it; they close it.
        """
        with self._lock:
            return self._install(envelope, fetch, now_s)

    def _install(self, envelope: Envelope, fetch: Fetch, now_s: int) -> Library:
        before = self.current()
        newer_than = before.version if before else 0
        manifest = open_manifest(
            envelope,
            trusted=self._trusted,
            clinic=self._clinic,
            newer_than=newer_than,
            now_s=now_s,
        )
        if manifest.embedding != embedding_of(self._embedder):
            raise Unverified(
                f"edition {manifest.version} was made with the embedding model"
                f" {manifest.embedding.model}, this machine runs {self._embedder.model}"
            )
        with files.full_disk_named("the library"), database.errors_named():
            self._packs.mkdir(parents=True, exist_ok=True)
            self._fetch(self.missing(manifest), fetch)
            named = self._build(manifest, before)
            kept = (named, *(one for one in self._kept() if one.version < named.version))[:2]
            files.write_durable(self._pointer, _Pointer(editions=kept).model_dump_json().encode())
            self._open = self._serve(named)
            self._tidy({one.file for one in kept})
        return self._open

    def _fetch(self, packs: Sequence[PackRef], fetch: Fetch) -> None:
        for pack in packs:
            data = fetch(pack)
            read_pack(data, pack)
            files.write_durable(self._packs / pack.sha256, data)

    def _build(self, manifest: Manifest, before: Library | None) -> _Named:
        """The edition's file under its final name, checked and durable."""
        name = f"edition-{manifest.version}-{manifest.state_root[:12]}.sqlite"
        building = self._root / f"{name}.next"
        _remove(building)
        if before is not None and (source := self._file_of(before)) is not None:
            database.copy(source, building)
        connection = database.connect(building, write=True)
        try:
            if before is None:
                database.create(connection, manifest.embedding.dimension)
            held = set(database.packs_in(connection))
            new = [pack for pack in manifest.packs if pack not in held]
            database.apply(connection, manifest, self._contents(new))
            if database.check(connection) != manifest:
                raise Unverified("the library's file is of another edition; synchronise again")
        finally:
            connection.close()
        files.sync_file(building)
        files.replace_durable(building, self._root / name)
        return _Named(version=manifest.version, file=name)

    def _contents(self, packs: Sequence[PackRef]) -> Iterator[tuple[PackRef, PackContent]]:
        for pack in packs:
            yield pack, read_pack((self._packs / pack.sha256).read_bytes(), pack)

    def _serve(self, named: _Named) -> Library:
        path = self._root / named.file
        if not path.is_file():
            raise Unverified(f"edition {named.version} is gone from the disk; synchronise again")
        with database.errors_named():
            connection = database.connect(path)
            try:
                database.check(connection)
            finally:
                connection.close()
        return Library(path, self._embedder)

    def _held(self) -> tuple[PackRef, ...]:
        library = self.current()
        return library.manifest.packs if library else ()

    def _is_fetched(self, pack: PackRef) -> bool:
        path = self._packs / pack.sha256
        try:
            read_pack(path.read_bytes(), pack)
        except FileNotFoundError:
            return False
        except Unverified:
            _remove(path)
            return False
        return True

    def _file_of(self, library: Library) -> Path | None:
        for named in self._kept():
            if named.version == library.version:
                return self._root / named.file
        return None

    def _kept(self) -> tuple[_Named, ...]:
        """The editions kept, the newest first; without a pointer, what the files' names say."""
        try:
            return _Pointer.model_validate_json(self._pointer.read_bytes()).editions
        except (FileNotFoundError, ValidationError):
            found = (_EDITION.fullmatch(path.name) for path in self._root.glob("edition-*"))
            named = [_Named(version=int(one[1]), file=one[0]) for one in found if one]
            return tuple(sorted(named, key=lambda one: -one.version))

    def _tidy(self, kept: set[str]) -> None:
        for path in self._root.glob("edition-*"):
            if path.name not in kept:
                _remove(path)
        for path in self._packs.iterdir():
            _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
