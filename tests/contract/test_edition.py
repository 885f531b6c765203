from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.edition import (
    MANIFEST_TYPE,
    EmbeddingSpec,
    Manifest,
    PackRef,
    open_manifest,
    sign_manifest,
    state_root,
)
from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.errors import Unverified

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
TRUSTED = KeyRing([SIGNER.public])
PACKS = tuple(
    PackRef(document=name, version=1, sha256=digit * 64, size=10, passages=2)
    for name, digit in (("b", "1"), ("a", "2"))
)


def _manifest(**changes: object) -> Manifest:
    values: dict[str, object] = {
        "clinic": "north",
        "version": 3,
        "created_s": 100,
        "expires_s": 200,
        "embedding": EmbeddingSpec(model="m", sha256="0" * 64, dimension=3),
        "packs": PACKS,
        "state_root": state_root(PACKS),
        **changes,
    }
    return Manifest.model_validate(values)


def test_a_newer_signed_manifest_opens() -> None:
    """What was published is read back, for the clinic that it was published for."""
    envelope = sign_manifest(_manifest(), SIGNER)
    opened = open_manifest(envelope, trusted=TRUSTED, clinic="north", newer_than=2, now_s=150)
    assert opened == _manifest()


@pytest.mark.parametrize(
    ("manifest", "clinic", "newer_than", "now_s"),
    [
        (_manifest(), "south", 2, 150),
        (_manifest(), "north", 3, 150),
        (_manifest(), "north", 4, 150),
        (_manifest(), "north", 2, 200),
        (_manifest(state_root="0" * 64), "north", 2, 150),
        (_manifest(packs=PACKS[:1]), "north", 2, 150),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    manifest: Manifest, clinic: str, newer_than: int, now_s: int
) -> None:
    """Another clinic, a replay, a rollback, an expired one, other packs: all refused."""
    envelope = sign_manifest(manifest, SIGNER)
    with pytest.raises(Unverified):
        open_manifest(envelope, trusted=TRUSTED, clinic=clinic, newer_than=newer_than, now_s=now_s)


def test_a_signed_manifest_of_another_form_is_refused() -> None:
    """A signature does not make sense of what has none."""
    for payload in (b"{}", b"[]", b"{"):
        with pytest.raises(Unverified):
            open_manifest(
                SIGNER.sign(MANIFEST_TYPE, payload),
                trusted=TRUSTED,
                clinic="north",
                newer_than=0,
                now_s=0,
            )


def test_the_state_root_depends_on_the_set_of_packs_alone() -> None:
    """The order of the packs does not matter; any of them does."""
    assert state_root(PACKS) == state_root(reversed(PACKS))
    assert state_root(PACKS) != state_root(PACKS[:1])
