from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.edition import Manifest, PackRef, sign_manifest
from voiceassist.contract.packlist import make_update
from voiceassist.contract.signing import Envelope, Signer
from voiceassist.contract.trust import sign_trust, trust_in, write_chain
from voiceassist.engines.ports import Vectors
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.editions.packs import Pack, build_pack, embedding_of
from voiceassist.knowledge.editions.patches import make_patch
from voiceassist.knowledge.editions.source import Offer
from voiceassist.knowledge.editions.store import EditionStore, make_manifest
from voiceassist.knowledge.editions.update import update
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.text.queries import content_words, stem

NOW_S = 1_800_000_000
CLINIC = "clinic-a"


class HashEmbedder:
    """A bag of hashed word stems: alike texts share words. Deterministic, no model."""

    def __init__(self, model: str = "hash", dimension: int = 256) -> None:
        self.model = model
        self.sha256 = hashlib.sha256(model.encode()).hexdigest()
        self.dimension = dimension
        self.calls: list[int] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(len(texts))
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in content_words(text):
                digest = hashlib.blake2b(stem(word).encode(), digest_size=8).digest()
                row[int.from_bytes(digest[:4], "little") % self.dimension] += 1.0
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return np.asarray(rows / lengths, dtype=np.float32)


DOCUMENTS = {
    "anaphylaxis.md": """---
title: Anaphylaxis
source: Demonstration Clinic
specialty: emergency
effective: 2025-01-01
drugs: [Epinephrine]
---
# Anaphylaxis

## Treatment

Give epinephrine 0.5 mg into the outer thigh at once. Repeat the dose every 5 minutes if there is
no improvement. Do not give antihistamines instead of epinephrine.

## Observation

Observe the patient for 6 hours after the symptoms have gone.
""",
    "asthma.md": """# Asthma attack

## Treatment

- Give salbutamol 4 to 8 puffs through a spacer every 20 minutes.
- Give prednisolone 40 mg once a day for 5 days.

## Warning signs

A silent chest, exhaustion or a saturation below 92% means a life-threatening attack.
""",
    "handwashing.txt": """Hand hygiene
============

Wash your hands before and after each patient. Alcohol gel does not kill the spores of
Clostridioides difficile: wash with soap and water.
""",
}


@pytest.fixture(scope="session")
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture(scope="session")
def documents() -> dict[str, Document]:
    return {name: read_document(name, text.encode(), Limits()) for name, text in DOCUMENTS.items()}


class Publisher:
    """A hub in a few lines that implements `LibrarySource`: packs by hash, signed editions.

    `fetched` holds each pack and offset that was asked for, `lists` each list and the one it
    was to start from.
    """

    def __init__(self, embedder: HashEmbedder) -> None:
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.embedder = embedder
        self.packs: dict[str, bytes] = {}
        self.known: dict[str, tuple[PackRef, ...]] = {}
        self.chain: list[Envelope] = []
        self.offered: Envelope | None = None
        self.fetched: list[tuple[PackRef, int]] = []
        self.lists: list[tuple[str, str]] = []
        self.patching = False
        self.anchor = trust_in(self.signer.public, clinic=CLINIC)

    def make(self, document: Document, version: int = 1) -> Pack:
        pack = build_pack(document, version, self.embedder)
        self.packs[pack.ref.sha256] = pack.data
        return pack

    def publish(self, version: int, packs: Sequence[Pack], **changes: Any) -> Manifest:
        """Offer an edition of `packs` from now on."""
        made = make_manifest(
            [pack.ref for pack in packs],
            clinic=CLINIC,
            version=version,
            created_s=NOW_S,
            expires_s=NOW_S + 86_400,
            keys=len(self.chain) + 1,
            embedding=embedding_of(self.embedder),
        )
        manifest = made.model_copy(update=changes)
        self.known[manifest.state_root] = tuple(pack.ref for pack in packs)
        self.offered = sign_manifest(manifest, self.signer)
        return manifest

    def serve(self, store: EditionStore, version: int, packs: Sequence[Pack]) -> Library:
        """Offer an edition of `packs` and bring `store` to it."""
        self.publish(version, packs)
        return self.sync(store)

    def sync(self, store: EditionStore, now_s: int = NOW_S) -> Library:
        """Bring `store` to what is offered."""
        update(store, self, now_s=now_s)
        library = store.current()
        assert library is not None
        return library

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        following = Signer(Ed25519PrivateKey.generate())
        version = len(self.chain) + 2
        statement = trust_in(following.public, clinic=CLINIC, version=version)
        self.chain.append(sign_trust(statement, self.signer))
        self.signer = following

    def manifest(self, etag: str) -> Offer | None:
        if self.offered is None:
            return None
        data = self.offered.to_json()
        tag = hashlib.sha256(data).hexdigest()
        return None if tag == etag else Offer(data, tag)

    def keys(self, after: int) -> bytes:
        return write_chain(self.chain[max(0, after - 1) :])

    def pack_list(self, root: str, held: str) -> bytes:
        self.lists.append((root, held))
        return make_update(self.known[root], self.known.get(held))

    def patch(self, ref: PackRef, base: str) -> bytes:
        return make_patch(self.packs[base], self.packs[ref.sha256]) if self.patching else b""

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        self.fetched.append((ref, offset))
        data = self.packs[ref.sha256][offset:]
        for start in range(0, len(data), 100):
            yield data[start : start + 100]


@pytest.fixture
def publisher(embedder: HashEmbedder) -> Publisher:
    return Publisher(embedder)


@pytest.fixture
def make_store(
    tmp_path: Path, embedder: HashEmbedder, publisher: Publisher
) -> Callable[[], EditionStore]:
    return lambda: EditionStore(tmp_path / "store", embedder, publisher.anchor)
