"""Editions: one whole version of the library, as a signed manifest over immutable packs.

A pack is one version of one document with its passages and vectors, named by the SHA-256 of
its bytes. The state root commits to the list of packs (`contract.packlist`), so a room can
tell from its database alone that it holds exactly what was published, and the manifest stays
small however many documents there are.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.canonical import canonical, parse
from voiceassist.contract.signing import Envelope, Signer
from voiceassist.contract.trust import Trust
from voiceassist.errors import Unverified

MANIFEST_TYPE = "application/vnd.voiceassist.edition.v2+json"
MAX_PACK = 256 << 20  # bytes of a pack


class PackRef(BaseModel):
    """One document's pack: `sha256` and `size` are of its compressed bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str = Field(min_length=1, max_length=400)
    version: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1, le=MAX_PACK)
    passages: int = Field(ge=0)


class EmbeddingSpec(BaseModel):
    """What made the vectors: two editions with different ones can't share packs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    sha256: str
    dimension: int


class Manifest(BaseModel):
    """An edition. `version` only rises; `created_s` and `expires_s` are Unix seconds.

    `keys` is the version of the trusted keys in force when it was signed. `documents`,
    `passages` and `size` (the packs' bytes) sum up the list of packs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = 2
    clinic: str
    version: int = Field(ge=1)
    created_s: int
    expires_s: int
    keys: int = Field(ge=1)
    embedding: EmbeddingSpec
    state_root: str = Field(pattern=r"^[0-9a-f]{64}$")
    documents: int = Field(ge=0)
    passages: int = Field(ge=0)
    size: int = Field(ge=0)

    def expired(self, now_s: int) -> bool:
        """Whether the edition is past its time."""
        return now_s >= self.expires_s


def sign_manifest(manifest: Manifest, signer: Signer) -> Envelope:
    """The manifest as it travels."""
    return signer.sign(MANIFEST_TYPE, canonical(manifest.model_dump(mode="json")))


def read_manifest(envelope: Envelope, trust: Trust) -> Manifest:
    """The manifest that a trusted key signed for the clinic, of any age; raises `Unverified`."""
    payload = trust.ring().open(MANIFEST_TYPE, envelope)
    try:
        manifest = Manifest.model_validate(parse(payload))
    except ValueError as error:
        msg = "the edition's manifest is signed but malformed; publish it again"
        raise Unverified(msg) from error
    if manifest.clinic != trust.clinic:
        msg = f"an edition of clinic {manifest.clinic!r}, not of {trust.clinic!r}: refused"
        raise Unverified(msg)
    if manifest.keys > trust.version:
        msg = f"edition {manifest.version} is signed under keys {manifest.keys}: unknown here"
        raise Unverified(f"{msg}; enrol the box again")
    return manifest


def open_manifest(envelope: Envelope, *, trust: Trust, newer_than: int, now_s: int) -> Manifest:
    """Check everything that can be checked without the packs; raises `Unverified`.

    `newer_than` is the version that the room has (0 for none): an equal or lower one is a
    replay or a rollback. A rollback by intent is a new version with old content.
    """
    manifest = read_manifest(envelope, trust)
    if manifest.version <= newer_than:
        msg = f"edition {manifest.version} is not newer than {newer_than}: refused; publish again"
        raise Unverified(msg)
    if manifest.expired(now_s):
        msg = f"edition {manifest.version} has expired; publish a new one on the hub"
        raise Unverified(msg)
    return manifest


def claimed_keys(envelope: Envelope) -> int:
    """The keys that a manifest claims, unchecked: whether new ones must be fetched first."""
    try:
        return int(json.loads(envelope.raw())["keys"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Unverified("the hub's manifest can't be read; publish the edition again") from error
