"""Editions as the rest of the hub sees them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.edition import MANIFEST_TYPE, EmbeddingSpec, Manifest, PackRef
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

    def manifest(self) -> Manifest | None:
        """The manifest that this hub signed; None where it is of an older form."""
        if self.envelope.payload_type != MANIFEST_TYPE:
            return None
        return Manifest.model_validate_json(self.envelope.raw())


class ShelfPack(_Value):
    """A pack that may go into an edition."""

    ref: PackRef
    embedding: EmbeddingSpec
    drugs: tuple[str, ...]


class PublishRequest(_Value):
    """What to publish: all that is indexed, or what edition `like` held."""

    like: int | None = Field(default=None, ge=1, le=2**31 - 1)


class Content(_Value):
    """What an edition is made of.

    `like` names the edition it is taken from, `withheld` counts what of that waits for review.
    """

    refs: tuple[PackRef, ...]
    embedding: EmbeddingSpec
    like: int | None = None
    withheld: int = 0
