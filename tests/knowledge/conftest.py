from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.edition import Manifest, PackRef, sign_manifest
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.engines.ports import Vectors
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.editions import EditionStore, make_manifest
from voiceassist.knowledge.packs import Pack, build_pack, embedding_of
from voiceassist.knowledge.queries import content_words, stem

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
    """A hub in a few lines: packs by hash, and signed editions of them."""

    def __init__(self, embedder: HashEmbedder) -> None:
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.embedder = embedder
        self.packs: dict[str, bytes] = {}
        self.fetched: list[PackRef] = []

    @property
    def trusted(self) -> KeyRing:
        return KeyRing([self.signer.public])

    def pack(self, document: Document, version: int = 1) -> Pack:
        pack = build_pack(document, version, self.embedder)
        self.packs[pack.ref.sha256] = pack.data
        return pack

    def manifest(self, version: int, packs: Sequence[Pack], clinic: str = CLINIC) -> Manifest:
        return make_manifest(
            packs,
            clinic=clinic,
            version=version,
            created_s=NOW_S,
            expires_s=NOW_S + 86_400,
            embedding=embedding_of(self.embedder),
        )

    def publish(self, version: int, packs: Sequence[Pack], clinic: str = CLINIC) -> Envelope:
        return sign_manifest(self.manifest(version, packs, clinic), self.signer)

    def fetch(self, ref: PackRef) -> bytes:
        self.fetched.append(ref)
        return self.packs[ref.sha256]


@pytest.fixture
def publisher(embedder: HashEmbedder) -> Publisher:
    return Publisher(embedder)


@pytest.fixture
def make_store(
    tmp_path: Path, embedder: HashEmbedder, publisher: Publisher
) -> Callable[[], EditionStore]:
    return lambda: EditionStore(tmp_path / "store", embedder, publisher.trusted, CLINIC)
