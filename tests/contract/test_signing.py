from __future__ import annotations

import base64
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.signing import (
    Envelope,
    KeyRing,
    Signer,
    key_id,
    pre_authentication_encoding,
)
from voiceassist.errors import Unverified


def _signer(seed: int) -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(random.Random(seed).randbytes(32)))


def test_a_signed_payload_opens_with_the_signers_key() -> None:
    """What was signed comes back byte for byte, also over the wire."""
    signer = _signer(1)
    envelope = Envelope.from_json(signer.sign("t", b"payload").to_json())
    assert KeyRing([_signer(2).public, signer.public]).open("t", envelope) == b"payload"


def test_the_pre_authentication_encoding_is_that_of_dsse() -> None:
    """The bytes under the signature are the ones of the standard's own example."""
    assert (
        pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"payload": base64.b64encode(b"other").decode()},
        {"payload": "not base64!"},
        {"sig": base64.b64encode(bytes(64)).decode()},
        {"sig": ""},
        {"sig": "AAAA"},
        {"keyid": "0" * 16},
        {"payload_type": "other"},
    ],
)
def test_a_changed_envelope_does_not_open(change: dict[str, str]) -> None:
    """No part of an envelope can be changed, taken away or passed off as another kind."""
    signer = _signer(1)
    envelope = signer.sign("t", b"payload").model_copy(update=change)
    with pytest.raises(Unverified):
        KeyRing([signer.public]).open("t", envelope)


def test_another_key_under_a_trusted_keys_name_does_not_open() -> None:
    """The name of a trusted key is not its signature."""
    trusted, other = _signer(1), _signer(2)
    forged = other.sign("t", b"payload").model_copy(update={"keyid": trusted.keyid})
    with pytest.raises(Unverified):
        KeyRing([trusted.public]).open("t", forged)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b'{"payload":1}'])
def test_what_is_no_envelope_is_refused_by_name(data: bytes) -> None:
    """Junk on the wire is `Unverified`, not a crash."""
    with pytest.raises(Unverified):
        Envelope.from_json(data)


def test_a_signer_shows_no_key() -> None:
    """A logged signer shows its key's id alone."""
    signer = _signer(1)
    assert repr(signer) == f"Signer({key_id(signer.public)})"
