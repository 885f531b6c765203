"""One edition in: from a source that nobody believes to a library that serves.

Law: the current edition serves until the next one is whole, verified and durable; every
failure before leaves it serving. In order: keys, manifest (signature, clinic, expiry,
version), list of packs, packs, and what `EditionStore.install` checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from voiceassist import files
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import (
    Manifest,
    PackRef,
    claimed_keys,
    open_manifest,
    read_manifest,
)
from voiceassist.contract.packlist import MAX_LIST, apply_update, state_root
from voiceassist.contract.signing import Envelope
from voiceassist.contract.trust import Trust
from voiceassist.errors import Unavailable, Unverified
from voiceassist.knowledge.editions import database
from voiceassist.knowledge.editions.packs import PackContent, read_pack
from voiceassist.knowledge.editions.patches import apply_patch
from voiceassist.knowledge.editions.source import MAX_MANIFEST, LibrarySource
from voiceassist.knowledge.editions.store import EditionStore


def update(store: EditionStore, source: LibrarySource, *, now_s: int, etag: str = "") -> str:
    """Bring `store` to what `source` offers; returns the tag to ask with the next time.

    `store.current()` tells what serves afterwards. Raises `Unverified` for what is refused,
    `Unavailable` for what did not come, `StoreFull`, and what the source raises; each leaves
    the edition that served. Packs that came are kept for the next attempt.
    """
    offer = source.manifest(etag)
    if offer is None:
        return etag
    if len(offer.manifest) > MAX_MANIFEST:
        raise Unverified("the edition's manifest is too long to be one; publish it again")
    envelope = Envelope.from_json(offer.manifest)
    with (
        store.exclusively(),
        files.full_disk_named("the library"),
        database.errors_named(),
    ):
        current = store.refresh()
        trust = _trust(store, source, envelope)
        if current is not None and read_manifest(envelope, trust) == current.manifest:
            return offer.etag
        newer_than = store.newer_than()
        manifest = open_manifest(envelope, trust=trust, newer_than=newer_than, now_s=now_s)
        store.check_embedding(manifest)
        _install(store, source, manifest)
    return offer.etag


def _trust(store: EditionStore, source: LibrarySource, envelope: Envelope) -> Trust:
    """The keys to open `envelope` with: newer ones are fetched where it claims some."""
    trust = store.keys.now()
    if claimed_keys(envelope) <= trust.version:
        return trust
    return store.keys.extend(source.keys(trust.version))


def _install(store: EditionStore, source: LibrarySource, manifest: Manifest) -> None:
    held = store.held()
    packs = _list(source, manifest, held)
    here = set(held)
    lacking = [pack for pack in packs if pack not in here]
    store.packs.mkdir(parents=True, exist_ok=True)
    _drop_others(store.packs, [*packs, *held])
    before = {pack.document: pack for pack in held}
    for pack in lacking:
        _fetch(store.packs, source, pack, before.get(pack.document))
    store.install(manifest, packs, _contents(store.packs, lacking, manifest))


def _list(
    source: LibrarySource, manifest: Manifest, held: Sequence[PackRef]
) -> tuple[PackRef, ...]:
    """The list that the manifest signs; whole where an update does not come out right."""
    root = manifest.state_root
    start = state_root(held) if held else ""
    if start == root:
        return tuple(held)
    try:
        packs = apply_update(_bounded(source.pack_list(root, start)), held, root=root)
    except Unverified:
        if not start:
            raise
        packs = apply_update(_bounded(source.pack_list(root, "")), (), root=root)
    counts = (len(packs), sum(p.passages for p in packs), sum(p.size for p in packs))
    if counts != (manifest.documents, manifest.passages, manifest.size):
        raise Unverified(f"edition {manifest.version} miscounts its packs; publish it again")
    return packs


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_LIST:
        raise Unverified("the library's list of packs is too long; fetch it again")
    return data


def _drop_others(folder: Path, wanted: Sequence[PackRef]) -> None:
    """Forget packs of neither this edition nor the one that serves."""
    names = {pack.sha256 for pack in wanted}
    for path in folder.iterdir():
        if path.name.removesuffix(".part") not in names:
            path.unlink()


def _fetch(folder: Path, source: LibrarySource, ref: PackRef, before: PackRef | None) -> None:
    """Have a pack's whole bytes in `folder`; goes on with what came before.

    Where the document's pack `before` is there, what changed since is enough.
    """
    target, part = folder / ref.sha256, folder / f"{ref.sha256}.part"
    if _is_whole(target, ref):
        return
    if before is not None and not part.exists() and _patch(folder, source, ref, before):
        return
    resumed = _size(part) > 0
    _continue(part, source, ref)
    if not _is_whole(part, ref) and resumed:
        part.unlink()  # its beginning may be at fault
        _continue(part, source, ref)
    if not _is_whole(part, ref):
        part.unlink()
        raise Unverified(f"the pack of {ref.document} came altered; it is fetched again")
    part.replace(target)


def _patch(folder: Path, source: LibrarySource, ref: PackRef, before: PackRef) -> bool:
    """Make a pack of the one before; False where that can't be, and it is fetched whole."""
    base, part = folder / before.sha256, folder / f"{ref.sha256}.part"
    if not _is_whole(base, before):
        return False
    try:
        patch = source.patch(ref, before.sha256)
        data = apply_patch(patch, base.read_bytes(), ref) if patch else b""
    except Unverified:
        return False
    if not data:
        return False
    part.write_bytes(data)
    part.replace(folder / ref.sha256)
    return True


def _continue(part: Path, source: LibrarySource, ref: PackRef) -> None:
    """Fetch from the end of `part` to the pack's size; raises `Unavailable` where it is cut."""
    size = _size(part)
    if size >= ref.size:
        return
    with part.open("ab") as file:
        for chunk in source.pack(ref, size):
            file.write(chunk)
            size += len(chunk)
            if size > ref.size:
                break
    if size < ref.size:
        raise Unavailable(f"the pack of {ref.document} came cut short; the rest is fetched later")


def _is_whole(path: Path, ref: PackRef) -> bool:
    return _size(path) == ref.size and sha256(path.read_bytes()) == ref.sha256


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _contents(
    folder: Path, packs: Sequence[PackRef], manifest: Manifest
) -> Iterator[tuple[PackRef, PackContent]]:
    for pack in packs:
        content = read_pack((folder / pack.sha256).read_bytes(), pack)
        if content.header.embedding != manifest.embedding:
            raise Unverified(f"the pack of {pack.document} is of another embedding; index it again")
        yield pack, content
