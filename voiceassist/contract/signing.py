"""Ed25519 signatures over typed payloads, in the DSSE form.

A signature covers the payload's type as well as its bytes (DSSE's pre-authentication
encoding), so that what was signed as one thing can't be passed off as another, and one
machine key may sign several kinds. The algorithm is fixed: there is nothing to negotiate
and so nothing to downgrade. Source: DSSE v1.0 (secure-systems-lab/dsse).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict

from voiceassist.errors import Unverified


def key_id(public: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the raw 32-byte public key."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def as_pem(public: Ed25519PublicKey) -> str:
    """A public key as PEM."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def load_pem(pem: str) -> Ed25519PublicKey:
    """An Ed25519 public key from PEM; raises `Unverified` for anything else."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = "a public key that is kept beside a signature is damaged"
        raise Unverified(msg) from error
    if not isinstance(key, Ed25519PublicKey):
        msg = "a public key that is kept beside a signature is not Ed25519"
        raise Unverified(msg)
    return key


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """DSSE's PAE: what is really signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


class Envelope(BaseModel):
    """A payload with its signature. `payload` and `sig` are base64 of the exact bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payload_type: str
    payload: str
    keyid: str
    sig: str

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Parse an envelope as it came over the wire; raises `Unverified`."""
        try:
            return cls.model_validate_json(data)
        except ValueError as error:
            msg = "not a signed envelope; fetch it again from the hub"
            raise Unverified(msg) from error

    def raw(self) -> bytes:
        """The payload's bytes, with nothing checked: for what is checked in another way."""
        return base64.b64decode(self.payload)

    def to_json(self) -> bytes:
        """The envelope's bytes for the wire."""
        return self.model_dump_json().encode()


class Signer:
    """Signs payloads with one machine's private key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.keyid = key_id(self.public)

    def __repr__(self) -> str:
        return f"Signer({self.keyid})"

    @property
    def public_pem(self) -> str:
        """The public key, as PEM."""
        return as_pem(self.public)

    def sign(self, payload_type: str, payload: bytes) -> Envelope:
        """Sign `payload` as a `payload_type`."""
        sig = self._private.sign(pre_authentication_encoding(payload_type, payload))
        return Envelope(
            payload_type=payload_type,
            payload=base64.b64encode(payload).decode(),
            keyid=self.keyid,
            sig=base64.b64encode(sig).decode(),
        )

    def sign_note(self, body: bytes) -> bytes:
        """The 64 bytes of a signature over a note, which never begins as a typed payload does."""
        return self._private.sign(body)


class KeyRing:
    """The public keys trusted for one purpose. Several, so that keys can rotate."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys: Mapping[str, Ed25519PublicKey] = {key_id(key): key for key in keys}

    def __iter__(self) -> Iterator[Ed25519PublicKey]:
        return iter(self._keys.values())

    def open(self, payload_type: str, envelope: Envelope) -> bytes:
        """The payload's bytes, once the signature holds; raises `Unverified` otherwise."""
        if envelope.payload_type != payload_type:
            msg = f"signed as {envelope.payload_type!r}, wanted {payload_type!r}: refused"
            raise Unverified(msg)
        key = self._keys.get(envelope.keyid)
        if key is None:
            msg = (
                f"signed by key {envelope.keyid}, which is not trusted here; "
                "add the signer's public key to this machine's trusted keys"
            )
            raise Unverified(msg)
        try:
            payload = base64.b64decode(envelope.payload, validate=True)
            sig = base64.b64decode(envelope.sig, validate=True)
            key.verify(sig, pre_authentication_encoding(payload_type, payload))
        except (binascii.Error, InvalidSignature) as error:
            msg = f"the signature of key {envelope.keyid} does not hold; fetch it again"
            raise Unverified(msg) from error
        return payload
