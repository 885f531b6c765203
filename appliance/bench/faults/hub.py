"""A hub of nothing but memory: it publishes, rotates keys, loses its memory, and never lies.

`published` remembers every edition that it ever signed, also those that a restored backup
forgot: a room may serve any of them and nothing else.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.edition import Manifest, PackRef, sign_manifest
from voiceassist.contract.packlist import make_update
from voiceassist.contract.signing import Envelope, Signer
from voiceassist.contract.trust import sign_trust, trust_in, write_chain
from voiceassist.engines.ports import Vectors
from voiceassist.errors import Unavailable
from voiceassist.knowledge.documents import Limits, read_document
from voiceassist.knowledge.editions.packs import Pack, build_pack, embedding_of
from voiceassist.knowledge.editions.patches import make_patch
from voiceassist.knowledge.editions.source import Offer
from voiceassist.knowledge.editions.store import make_manifest

CLINIC = "clinic-a"
LIFETIME_S = 90 * 86_400
_REMOVED = 0.3  # of the edits to a document that is there
_NAMES = ("alder", "birch", "cedar", "hazel", "maple", "rowan")


class TinyEmbedder:
    """Eight parts that follow from the text's hash; alike texts are not alike."""

    model = "tiny"
    sha256 = hashlib.sha256(b"tiny").hexdigest()
    dimension = 8

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors."""
        digests = [hashlib.sha256(text.encode()).digest()[:8] for text in texts]
        rows = np.array([[byte - 127.5 for byte in one] for one in digests], dtype=np.float32)
        rows = rows.reshape(len(texts), self.dimension)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


EMBEDDER = TinyEmbedder()


@lru_cache(4096)
def tiny_pack(name: str, version: int, life: int) -> Pack:
    """A document of two passages; `life` counts the hub's restorations, which change texts."""
    word = f"{name}{'abcdefghij'[version % 10]}{version // 10}x{life}"
    use, care = f"Give {word} {version} mg daily.", f"Stop {word} at once."
    text = f"# {name}\n\n## Use\n\n{use}\n\n## Care\n\n{care}\n"
    return build_pack(read_document(f"{name}.md", text.encode(), Limits()), version, EMBEDDER)


@dataclass
class _Memory:
    """What a backup of the hub holds."""

    newest: int = 0
    numbering: int = 0  # of versions of documents
    life: int = 0
    shelf: dict[str, Pack] = field(default_factory=dict)
    editions: dict[int, tuple[Pack, ...]] = field(default_factory=dict)
    lists: dict[str, tuple[PackRef, ...]] = field(default_factory=dict)
    offered: Envelope | None = None

    def copied(self) -> _Memory:
        """As it is now."""
        twin = copy(self)
        twin.shelf, twin.editions = dict(self.shelf), dict(self.editions)
        twin.lists = dict(self.lists)
        return twin


class VirtualHub:
    """Implements `LibrarySource`, truthfully. `draw` decides all that is left to chance."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._backup: tuple[_Memory, int] | None = None  # and the keys' version then
        self.memory = _Memory()
        self.packs: dict[str, Pack] = {}
        self.chain: list[Envelope] = []
        self.signer = self.new_signer()
        self.anchor = trust_in(self.signer.public, clinic=CLINIC)
        self.published: dict[Manifest, tuple[Pack, ...]] = {}
        self.history: list[Envelope] = []

    def new_signer(self) -> Signer:
        """A key pair of its own."""
        return Signer(Ed25519PrivateKey.from_private_bytes(self._draw.randbytes(32)))

    def edit(self) -> str:
        """Add, change or remove a document; tells which."""
        name = self._draw.choice(_NAMES)
        shelf = self.memory.shelf
        if name in shelf and len(shelf) > 1 and self._draw.random() < _REMOVED:
            del shelf[name]
            return f"remove {name}"
        self.memory.numbering += 1
        pack = tiny_pack(name, self.memory.numbering, self.memory.life)
        shelf[name] = self.packs[pack.ref.sha256] = pack
        return f"put {name}"

    def publish(self, now_s: int, *, claim: int, like: int | None = None) -> int:
        """Sign the next edition, above `claim`, what a room says to hold."""
        memory = self.memory
        packs = tuple(memory.shelf.values()) if like is None else memory.editions[like]
        refs = tuple(pack.ref for pack in packs)
        memory.newest = max(memory.newest, claim) + 1
        manifest = self.manifest_of(refs, memory.newest, now_s)
        memory.editions[memory.newest] = packs
        memory.lists[manifest.state_root] = refs
        memory.offered = sign_manifest(manifest, self.signer)
        self.published[manifest] = packs
        self.history.append(memory.offered)
        return memory.newest

    def manifest_of(self, refs: Sequence[PackRef], version: int, now_s: int) -> Manifest:
        """An edition's manifest, not signed."""
        return make_manifest(
            refs,
            clinic=CLINIC,
            version=version,
            created_s=now_s,
            expires_s=now_s + LIFETIME_S,
            keys=self.keys_version,
            embedding=embedding_of(EMBEDDER),
        )

    def roll_back(self, now_s: int, *, claim: int) -> int:
        """Publish an old edition's content anew."""
        return self.publish(now_s, claim=claim, like=self._draw.choice(list(self.memory.editions)))

    def rotate(self, now_s: int, *, claim: int) -> int:
        """Pass on to a new key, and publish the newest edition under it."""
        following = self.new_signer()
        statement = trust_in(following.public, clinic=CLINIC, version=self.keys_version + 1)
        self.chain.append(sign_trust(statement, self.signer))
        self.signer = following
        return self.publish(now_s, claim=claim, like=self.memory.newest)

    @property
    def keys_version(self) -> int:
        """The keys in force."""
        return len(self.chain) + 1

    def back_up(self) -> None:
        """Remember how things are."""
        self._backup = self.memory.copied(), self.keys_version

    def restore(self) -> bool:
        """Go back to the backup; not where keys rotated since, which can't be undone."""
        if self._backup is None or self._backup[1] != self.keys_version:
            return False
        life = self.memory.life
        self.memory = self._backup[0].copied()
        self.memory.life = life + 1
        return True

    def forget_lists(self) -> None:
        """Know no list but the newest edition's."""
        refs = tuple(pack.ref for pack in self.memory.editions[self.memory.newest])
        root = self.manifest_of(refs, 1, 0).state_root
        self.memory.lists = {root: refs}

    def manifest(self, etag: str) -> Offer | None:
        """The newest edition."""
        if self.memory.offered is None:
            return None
        offer = offer_of(self.memory.offered)
        return None if offer.etag == etag else offer

    def keys(self, after: int) -> bytes:
        """The statements after version `after`."""
        return write_chain(self.chain[max(0, after - 1) :])

    def pack_list(self, root: str, held: str) -> bytes:
        """A list as an update of another; whole where the other is forgotten."""
        if root not in self.memory.lists:
            raise Unavailable("the hub has no such list; try again")
        return make_update(self.memory.lists[root], self.memory.lists.get(held))

    def patch(self, ref: PackRef, base: str) -> bytes:
        """What turns one pack into another."""
        return make_patch(self.packs[base].data, self.packs[ref.sha256].data)

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes, in small chunks."""
        yield from in_chunks(self.packs[ref.sha256].data[offset:])


def offer_of(envelope: Envelope) -> Offer:
    """An envelope with its tag."""
    data = envelope.to_json()
    return Offer(data, hashlib.sha256(data).hexdigest())


def in_chunks(data: bytes) -> Iterator[bytes]:
    """`data` in a few parts."""
    for start in range(0, len(data), 256):
        yield data[start : start + 256]
