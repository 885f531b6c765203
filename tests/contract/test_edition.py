from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.canonical import canonical, sha256
from voiceassist.contract.edition import (
    MANIFEST_TYPE,
    EmbeddingSpec,
    Manifest,
    claimed_keys,
    open_manifest,
    sign_manifest,
)
from voiceassist.contract.signing import Signer
from voiceassist.contract.trust import trust_in
from voiceassist.errors import Unverified

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
TRUST = trust_in(SIGNER.public, clinic="north", version=2)


def _manifest(**changes: object) -> Manifest:
    values: dict[str, object] = {
        "clinic": "north",
        "version": 3,
        "created_s": 100,
        "expires_s": 200,
        "keys": 2,
        "embedding": EmbeddingSpec(model="m", sha256="0" * 64, dimension=3),
        "state_root": sha256(b"[]"),
        "documents": 0,
        "passages": 0,
        "size": 0,
        **changes,
    }
    return Manifest.model_validate(values)


def test_a_newer_signed_manifest_opens() -> None:
    """What was published is read back, for the clinic that it was published for."""
    envelope = sign_manifest(_manifest(), SIGNER)
    assert claimed_keys(envelope) == 2
    assert open_manifest(envelope, trust=TRUST, newer_than=2, now_s=150) == _manifest()


@pytest.mark.parametrize(
    ("manifest", "newer_than", "now_s"),
    [
        (_manifest(clinic="south"), 2, 150),
        (_manifest(), 3, 150),
        (_manifest(), 4, 150),
        (_manifest(), 2, 200),
        (_manifest(keys=3), 2, 150),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    manifest: Manifest, newer_than: int, now_s: int
) -> None:
    """Another clinic, a replay, a rollback, an expired one, keys to come: all refused."""
    envelope = sign_manifest(manifest, SIGNER)
    with pytest.raises(Unverified):
        open_manifest(envelope, trust=TRUST, newer_than=newer_than, now_s=now_s)


def test_the_manifest_stays_small() -> None:
    """A poll that finds something new costs one kilobyte, however large the library is."""
    large = _manifest(documents=10**5, passages=10**7, size=2**40)
    assert len(sign_manifest(large, SIGNER).to_json()) < 1024


def test_a_signed_manifest_of_another_form_is_refused() -> None:
    """A signature does not make sense of what has none."""
    old = canonical({**_manifest().model_dump(mode="json"), "format": 1})
    for payload in (b"{}", b"[]", b"{", old):
        with pytest.raises(Unverified):
            open_manifest(SIGNER.sign(MANIFEST_TYPE, payload), trust=TRUST, newer_than=0, now_s=0)
    for payload in (b"[]", b"{", b"[" * 100_000, b"\xff"):
        with pytest.raises(Unverified):
            claimed_keys(SIGNER.sign(MANIFEST_TYPE, payload))
