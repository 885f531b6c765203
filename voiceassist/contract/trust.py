"""Whose signatures on editions count, and how that passes from key to key.

A statement names the keys that may sign editions. Its version is one above the statement
before, and a key of the statement before signs it, so that a machine that knows any one of
them can follow the chain to the newest, and nobody can lead it back. Statement 1 is what a
room is enrolled with and needs no signature.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from voiceassist.contract.canonical import canonical, parse
from voiceassist.contract.signing import Envelope, KeyRing, Signer, as_pem
from voiceassist.errors import Unverified

TRUST_TYPE = "application/vnd.voiceassist.edition-keys.v1+json"
MAX_CHAIN = 1 << 20  # bytes of a chain in JSON: a thousand rotations

_CHAIN = TypeAdapter(tuple[Envelope, ...])


class Trust(BaseModel):
    """The keys that may sign a clinic's editions, PEM. `created_s` is in Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    clinic: str
    version: int = Field(ge=1)
    created_s: int = 0
    editions: tuple[str, ...] = Field(max_length=8)

    def ring(self) -> KeyRing:
        """The keys, to open envelopes with; raises `Unverified` for one that is none."""
        return KeyRing(_public(pem) for pem in self.editions)


def trust_in(public: Ed25519PublicKey, *, clinic: str, version: int = 1) -> Trust:
    """Trust in a single key."""
    return Trust(clinic=clinic, version=version, editions=(as_pem(public),))


def sign_trust(statement: Trust, signer: Signer) -> Envelope:
    """The statement as it travels, signed by a key of the one before."""
    return signer.sign(TRUST_TYPE, canonical(statement.model_dump(mode="json")))


def follow(anchor: Trust, chain: Iterable[Envelope]) -> Trust:
    """The newest statement that `chain` leads to from `anchor`.

    Links that `anchor` has outlived are passed over. Raises `Unverified` for a link that is
    forged, of another clinic, or not the next.
    """
    trust = anchor
    for envelope in chain:
        if claimed_version(envelope) <= anchor.version:
            continue
        trust = _next(trust, envelope)
    return trust


def write_chain(chain: Sequence[Envelope]) -> bytes:
    """Statements as a JSON array, the oldest first."""
    return _CHAIN.dump_json(tuple(chain))


def read_chain(data: bytes) -> tuple[Envelope, ...]:
    """Read what `write_chain` wrote, nothing verified; raises `Unverified`."""
    if len(data) > MAX_CHAIN:
        raise Unverified("the list of the hub's keys is too long to be one; enrol the box again")
    try:
        return _CHAIN.validate_json(data)
    except ValueError as error:
        raise Unverified("the list of the hub's keys can't be read; fetch it again") from error


def claimed_version(envelope: Envelope) -> int:
    """The version that a statement claims, unchecked; raises `Unverified` where it has none."""
    try:
        return int(json.loads(envelope.raw())["version"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Unverified("a statement of keys can't be read; fetch it again") from error


def _next(before: Trust, envelope: Envelope) -> Trust:
    wanted = before.version + 1
    payload = before.ring().open(TRUST_TYPE, envelope)
    try:
        after = Trust.model_validate(parse(payload))
    except ValueError as error:
        raise Unverified(f"statement {wanted} of the hub's keys is malformed: refused") from error
    if after.clinic != before.clinic:
        raise Unverified(f"keys of clinic {after.clinic!r}, not of {before.clinic!r}: refused")
    if after.version != wanted:
        raise Unverified(
            f"statement {after.version} of the hub's keys does not follow {before.version}: refused"
        )
    if not after.editions:
        raise Unverified(f"statement {wanted} of the hub's keys names none: refused")
    after.ring()
    return after


def _public(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unverified("a public key of the hub is damaged; enrol the box again") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Unverified("a public key of the hub is not Ed25519; enrol the box again")
    return key
