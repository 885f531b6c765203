"""An edition as a folder: what `build` writes, and what `search` and `ask` open.

`edition.json` is the signed manifest, `packs/` holds the packs by hash, `trusted.pem` the
public key, and `store/` what a machine makes of them. Building again keeps what is unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from voiceassist import files
from voiceassist.contract.edition import Manifest, PackRef, open_manifest, sign_manifest
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.engines.ports import Embedder
from voiceassist.errors import BadInput, WrongUse
from voiceassist.knowledge.documents import SUFFIXES, Document, Limits, read_document
from voiceassist.knowledge.editions import EditionStore, make_manifest
from voiceassist.knowledge.library import Library
from voiceassist.knowledge.packs import Pack, PackContent, build_pack, embedding_of, read_pack

CLINIC = "local"
_LIFETIME_S = 366 * 86_400
_ANY_TIME = 0  # a folder's own manifest is read again however old it is


@dataclass(frozen=True, slots=True)
class Built:
    """What `build` did: the edition, how many packs are new, and what was refused and why."""

    manifest: Manifest
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
    manifest = make_manifest(
        packs,
        clinic=CLINIC,
        version=before.version + 1 if before else 1,
        created_s=now_s,
        expires_s=now_s + _LIFETIME_S,
        embedding=embedding_of(embedder),
    )
    if before is None or before.state_root != manifest.state_root:
        folder.publish(manifest, signer)
    else:
        manifest = before
    return Built(manifest, new, tuple(refused))


def open_folder(folder: Path, embedder: Embedder, *, now_s: int) -> Library:
    """The newest edition of the folder, verified and open."""
    try:
        public = load_pem_public_key((folder / "trusted.pem").read_bytes())
        envelope = Envelope.from_json((folder / "edition.json").read_bytes())
    except FileNotFoundError as error:
        raise WrongUse(
            f"{folder}: no edition here; make one with `voiceassist knowledge build`"
        ) from error
    if not isinstance(public, Ed25519PublicKey):
        raise WrongUse(f"{folder / 'trusted.pem'}: not an Ed25519 key; build the edition again")
    trusted = KeyRing([public])
    store = EditionStore(folder / "store", embedder, trusted, CLINIC)
    manifest = open_manifest(
        envelope, trusted=trusted, clinic=CLINIC, newer_than=0, now_s=_ANY_TIME
    )
    current = store.current()
    if current is not None and current.manifest == manifest:
        return current
    return store.install(envelope, _fetch_from(folder), now_s=now_s)


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


def _fetch_from(folder: Path) -> Callable[[PackRef], bytes]:
    def fetch(ref: PackRef) -> bytes:
        path = folder / "packs" / ref.sha256
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise BadInput(f"{path}: the pack is gone; build the edition again") from error

    return fetch


class _Folder:
    """The packs that a folder has, and where the next edition goes."""

    def __init__(self, out: Path, public: Ed25519PublicKey) -> None:
        self._out = out
        self._public = public
        self._packs = out / "packs"
        self._packs.mkdir(parents=True, exist_ok=True)
        manifest = self.manifest()
        self._before = {ref.document: ref for ref in manifest.packs} if manifest else {}

    def manifest(self) -> Manifest | None:
        path = self._out / "edition.json"
        if not path.exists():
            return None
        return open_manifest(
            Envelope.from_json(path.read_bytes()),
            trusted=KeyRing([self._public]),
            clinic=CLINIC,
            newer_than=0,
            now_s=_ANY_TIME,
        )

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

    def publish(self, manifest: Manifest, signer: Signer) -> None:
        pem = self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        files.write_durable(self._out / "trusted.pem", pem)
        envelope = sign_manifest(manifest, signer)
        files.write_durable(self._out / "edition.json", envelope.to_json())
        wanted = {ref.sha256 for ref in manifest.packs}
        for path in self._packs.iterdir():
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
