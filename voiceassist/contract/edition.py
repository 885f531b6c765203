"""Editions: one whole version of the library, as a signed manifest over immutable packs.

A pack is one version of one document with its passages and vectors, named by the SHA-256 of
its bytes. The state root commits to the set of packs, so a room can tell from its database
alone that it holds exactly what was published.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.canonical import canonical, parse, sha256
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

MANIFEST_TYPE = "application/vnd.voiceassist.edition.v1+json"


class PackRef(BaseModel):
    """One document's pack: `sha256` and `size` are of its compressed bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str
    version: int
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    passages: int = Field(ge=0)


class EmbeddingSpec(BaseModel):
    """What made the vectors: two editions with different ones can't share packs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    sha256: str
    dimension: int


class Manifest(BaseModel):
    """An edition. `version` only rises; `created_s` and `expires_s` are Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    clinic: str
    version: int = Field(ge=1)
    created_s: int
    expires_s: int
    embedding: EmbeddingSpec
    packs: tuple[PackRef, ...]
    state_root: str
    drug_names: tuple[str, ...] = ()


def state_root(packs: Iterable[PackRef]) -> str:
    """SHA-256 over the canonical list of packs, ordered by document."""
    ordered = sorted(packs, key=lambda pack: pack.document)
    return sha256(canonical([[p.document, p.version, p.sha256] for p in ordered]))


def sign_manifest(manifest: Manifest, signer: Signer) -> Envelope:
    """The manifest as it travels."""
    return signer.sign(MANIFEST_TYPE, canonical(manifest.model_dump(mode="json")))


def open_manifest(
    envelope: Envelope, *, trusted: KeyRing, clinic: str, newer_than: int, now_s: int
) -> Manifest:
    """Check everything that can be checked without the packs; raises `Unverified`.

    `newer_than` is the version that the room has (0 for none): an equal or lower one is a
    replay or a rollback. A rollback by intent is a new version with old content.
    """
    payload = trusted.open(MANIFEST_TYPE, envelope)
    try:
        manifest = Manifest.model_validate(parse(payload))
    except ValueError as error:
        msg = "the edition's manifest is signed but malformed; publish it again"
        raise Unverified(msg) from error
    if manifest.clinic != clinic:
        msg = f"an edition of clinic {manifest.clinic!r}, not of {clinic!r}: refused"
        raise Unverified(msg)
    if manifest.version <= newer_than:
        msg = f"edition {manifest.version} is not newer than {newer_than}: refused"
        raise Unverified(msg)
    if now_s >= manifest.expires_s:
        msg = f"edition {manifest.version} has expired; publish a new one on the hub"
        raise Unverified(msg)
    if state_root(manifest.packs) != manifest.state_root:
        msg = f"edition {manifest.version}: the state root does not match its packs"
        raise Unverified(msg)
    return manifest
