"""An edition as a folder: what `build` writes, and what `search` and `ask` open.

`edition.json` is the signed manifest, `lists/` holds its list of packs and `packs/` the packs,
each by its hash, `trusted.pem` the public key, and `store/` what a machine makes of them.
Building again keeps what is unchanged. A crash while building leaves the edition of before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from voiceassist import files
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import (
    MANIFEST_TYPE,
    Manifest,
    PackRef,
    read_manifest,
    sign_manifest,
)
from voiceassist.contract.packlist import list_bytes, make_update, read_list
from voiceassist.contract.signing import Envelope, Signer, as_pem
from voiceassist.contract.trust import Trust, trust_in, write_chain
from voiceassist.engines.ports import Embedder, Reranker
from voiceassist.errors import BadInput, Unverified, WrongUse
from voiceassist.knowledge.documents import SUFFIXES, Document, Limits, read_document
from voiceassist.knowledge.editions.packs import (
    Pack,
    PackContent,
    build_pack,
    embedding_of,
    read_pack,
)
from voiceassist.knowledge.editions.source import Offer, read_chunks
from voiceassist.knowledge.editions.store import EditionStore, make_manifest
from voiceassist.knowledge.editions.update import update
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.text.drugs import most_named

CLINIC = "local"
_LIFETIME_S = 366 * 86_400
_BUILD_AGAIN = "build the edition again"


@dataclass(frozen=True, slots=True)
class Built:
    """What `build` did: the edition, how many packs are new, and what was refused and why."""

    manifest: Manifest
    drug_names: tuple[str, ...]
    new: int
    refused: tuple[str, ...]


def files_in(source: Path) -> list[Path]:
    """The documents under `source`, in order; raises `WrongUse` where there are none."""
    if not source.is_dir():
        raise WrongUse(f"{source}: no such folder; name a folder of documents")
    found = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise WrongUse(f"{source}: no documents in it; add {', '.join(sorted(SUFFIXES))} files")
    return found


def build(
    source: Path,
    out: Path,
    embedder: Embedder,
    signer: Signer,
    *,
    now_s: int,
    track: Callable[[list[Path]], Iterable[Path]] = iter,
) -> Built:
    """Make the next edition of the documents under `source`. `track` shows progress."""
    files = files_in(source)
    folder = _Folder(out, signer.public)
    before = folder.manifest()
    packs: list[Pack] = []
    refused: list[str] = []
    new = 0
    for path in track(files):
        try:
            name = path.relative_to(source).as_posix()
            document = read_document(name, path.read_bytes(), Limits())
        except BadInput as error:
            refused.append(str(error))
            continue
        pack, made = folder.pack(document, embedder)
        packs.append(pack)
        new += made
    refs = [pack.ref for pack in packs]
    manifest = make_manifest(
        refs,
        clinic=CLINIC,
        version=before.version + 1 if before else 1,
        created_s=now_s,
        expires_s=now_s + _LIFETIME_S,
        keys=1,
        embedding=embedding_of(embedder),
    )
    if before is None or before.state_root != manifest.state_root:
        folder.publish(manifest, refs, signer)
    else:
        manifest = before
    named = most_named(pack.drugs for pack in packs)
    return Built(manifest, named, new, tuple(refused))


def open_folder(
    folder: Path, embedder: Embedder, *, now_s: int, reranker: Reranker | None = None
) -> Library:
    """The newest edition of the folder, verified and open."""
    source = FolderSource(folder)
    store = EditionStore(folder / "store", embedder, source.trust(), reranker=reranker)
    update(store, source, now_s=now_s)
    library = store.current()
    if library is None:
        raise WrongUse(f"{folder}: its edition is damaged; {_BUILD_AGAIN}")
    return library


class FolderSource:
    """What `build` wrote, as a source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def trust(self) -> Trust:
        """Trust in the key that the folder names; raises `WrongUse` where there is none."""
        try:
            pem = (self._folder / "trusted.pem").read_text(encoding="ascii")
            trust = Trust(clinic=CLINIC, version=1, editions=(pem,))
            trust.ring()
        except FileNotFoundError as error:
            raise WrongUse(
                f"{self._folder}: no edition here; make one with `voiceassist knowledge build`"
            ) from error
        except (Unverified, ValueError) as error:
            raise WrongUse(
                f"{self._folder / 'trusted.pem'}: not an Ed25519 key; {_BUILD_AGAIN}"
            ) from error
        return trust

    def manifest(self, etag: str) -> Offer | None:
        """The folder's edition."""
        data = self._read("edition.json")
        tag = sha256(data)
        return None if tag == etag else Offer(data, tag)

    def keys(self, after: int) -> bytes:  # noqa: ARG002 - the port's; a folder's key never changes
        """No statements: a folder's key never changes."""
        return write_chain(())

    def pack_list(self, root: str, held: str) -> bytes:  # noqa: ARG002 - the port's
        """The whole list."""
        return make_update(read_list(self._read(f"lists/{root}")))

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes from `offset`."""
        try:
            yield from read_chunks(self._folder / "packs" / ref.sha256, offset)
        except FileNotFoundError as error:
            raise BadInput(
                f"{self._folder / 'packs' / ref.sha256}: the pack is gone; {_BUILD_AGAIN}"
            ) from error

    def patch(self, ref: PackRef, base: str) -> bytes:
        """None: the packs are on the same disk."""
        del ref, base
        return b""

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError as error:
            raise WrongUse(f"{self._folder}: no {name} in it; {_BUILD_AGAIN}") from error


def load_signer(key: Path | None, out: Path) -> Signer:
    """The signing key `key`; without one, a key kept in `out`, made the first time."""
    path = key or out / "signing.key"
    if key is None and not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        private = Ed25519PrivateKey.generate()
        path.touch(mode=0o600)
        path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        loaded = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise WrongUse(f"{path}: no readable private key; give a PEM file of PKCS8") from error
    if not isinstance(loaded, Ed25519PrivateKey):
        raise WrongUse(f"{path}: not an Ed25519 key; editions are signed with Ed25519")
    return Signer(loaded)


class _Folder:
    """The packs that a folder has, and where the next edition goes."""

    def __init__(self, out: Path, public: Ed25519PublicKey) -> None:
        self._out = out
        self._public = public
        self._packs = out / "packs"
        self._packs.mkdir(parents=True, exist_ok=True)
        self._lists = out / "lists"
        self._lists.mkdir(exist_ok=True)
        self._before = {ref.document: ref for ref in self._refs()}

    def manifest(self) -> Manifest | None:
        path = self._out / "edition.json"
        if not path.exists():
            return None
        envelope = Envelope.from_json(path.read_bytes())
        if envelope.payload_type != MANIFEST_TYPE:
            raise BadInput(f"{path} was made by another release; build into a new folder")
        return read_manifest(envelope, trust_in(self._public, clinic=CLINIC))

    def _refs(self) -> tuple[PackRef, ...]:
        manifest = self.manifest()
        if manifest is None:
            return ()
        return read_list((self._lists / manifest.state_root).read_bytes())

    def pack(self, document: Document, embedder: Embedder) -> tuple[Pack, bool]:
        """The document's pack, and whether it had to be made."""
        ref = self._before.get(document.id)
        old = self._read(ref) if ref else None
        if old and ref and _same(old, document, embedder):
            data = (self._packs / ref.sha256).read_bytes()
            return Pack(data, ref, old.header.drugs), False
        version = ref.version + 1 if ref else 1
        pack = build_pack(document, version, embedder, previous=old)
        files.write_durable(self._packs / pack.ref.sha256, pack.data)
        return pack, True

    def publish(self, manifest: Manifest, refs: list[PackRef], signer: Signer) -> None:
        files.write_durable(self._out / "trusted.pem", as_pem(self._public).encode())
        files.write_durable(self._lists / manifest.state_root, list_bytes(refs))
        envelope = sign_manifest(manifest, signer)
        files.write_durable(self._out / "edition.json", envelope.to_json())
        wanted = {manifest.state_root, *(ref.sha256 for ref in refs)}
        for path in (*self._packs.iterdir(), *self._lists.iterdir()):
            if path.name not in wanted:
                path.unlink()

    def _read(self, ref: PackRef) -> PackContent | None:
        path = self._packs / ref.sha256
        return read_pack(path.read_bytes(), ref) if path.exists() else None


def _same(old: PackContent, document: Document, embedder: Embedder) -> bool:
    return (
        old.header.text == document.text
        and old.header.info == document.info
        and old.header.name == document.name
        and old.header.embedding == embedding_of(embedder)
    )
