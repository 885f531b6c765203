"""Editions as the rest of the hub sees them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from voiceassist.contract.edition import EmbeddingSpec, PackRef
from voiceassist.contract.signing import Envelope


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EditionView(_Value):
    """A published edition; `state_root` commits to what it holds."""

    version: int
    created_s: int
    expires_s: int
    documents: int
    passages: int
    state_root: str
    published_by: str


class Published(_Value):
    """An edition with the envelope that rooms fetch, and the tag that names its bytes."""

    view: EditionView
    envelope: Envelope
    etag: str


class ShelfPack(_Value):
    """A pack that may go into an edition."""

    ref: PackRef
    embedding: EmbeddingSpec
    drugs: tuple[str, ...]
