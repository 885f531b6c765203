from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voiceassist.contract.signing import Envelope, Signer
from voiceassist.contract.trust import (
    MAX_CHAIN,
    TRUST_TYPE,
    Trust,
    follow,
    read_chain,
    sign_trust,
    trust_in,
    write_chain,
)
from voiceassist.errors import Unverified

KEYS = [Signer(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in range(5)]
ANCHOR = trust_in(KEYS[1].public, clinic="north")


def link(version: int, by: int, clinic: str = "north") -> Envelope:
    """Statement `version` names the key of that number; key `by` signs it."""
    return sign_trust(trust_in(KEYS[version].public, clinic=clinic, version=version), KEYS[by])


def test_a_chain_leads_to_the_newest_keys() -> None:
    """From any statement that a machine knows, the chain leads to the same end."""
    chain = read_chain(write_chain([link(2, 1), link(3, 2), link(4, 3)]))
    newest = follow(ANCHOR, chain)
    assert newest.version == 4
    assert newest.ring().open("t", KEYS[4].sign("t", b"x")) == b"x"
    assert follow(trust_in(KEYS[3].public, clinic="north", version=3), chain) == newest
    assert follow(ANCHOR, ()) == ANCHOR


@pytest.mark.parametrize(
    "chain",
    [
        [link(3, 1)],
        [link(2, 1), link(4, 2)],
        [link(2, 1), link(4, 3)],
        [link(2, 2)],
        [link(2, 3)],
        [link(2, 1), link(3, 1)],
        [link(2, 1, clinic="south")],
        [sign_trust(Trust(clinic="north", version=2, editions=()), KEYS[1])],
        [sign_trust(Trust(clinic="north", version=2, editions=("no key",)), KEYS[1])],
        [KEYS[1].sign("application/other", link(2, 1).raw())],
        [KEYS[1].sign(TRUST_TYPE, b'{"version":2}')],
        [KEYS[1].sign(TRUST_TYPE, b"[]")],
    ],
    ids=range(12),
)
def test_a_chain_that_does_not_hold_is_refused(chain: list[Envelope]) -> None:
    """A gap, a forged link, an old key's second thoughts, another clinic, no keys: refused."""
    with pytest.raises(Unverified):
        follow(ANCHOR, chain)


def test_only_ed25519_keys_are_trusted() -> None:
    """A key of another kind is named as damaged trust, not met as an error deep in a library."""
    public = generate_private_key(SECP256R1()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(Unverified, match="Ed25519"):
        Trust(clinic="north", version=1, editions=(pem,)).ring()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b" " * (MAX_CHAIN + 1)])
def test_a_chain_that_can_not_be_read_is_refused(data: bytes) -> None:
    """What is no list of envelopes, or too long to be one, is told as such."""
    with pytest.raises(Unverified):
        read_chain(data)
