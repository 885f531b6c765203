"""A box's private keys: where they lie, and that nobody else reads them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from voiceassist.errors import Unverified, WrongUse

SEALED_KEY = "voiceassist.machine.key"  # the name that systemd knows the sealed key by
_OTHERS = 0o077  # permission bits that nobody but the owner may have


def machine_key(folder: Path) -> Ed25519PrivateKey:
    """The key that speaks for the box: from its file or, where IT had it sealed, from systemd.

    systemd opens a sealed key for the service alone, on this machine alone. A file is newer: the
    box was enrolled again.
    """
    path, place = folder / "machine.key", os.environ.get("CREDENTIALS_DIRECTORY")
    if place and not path.exists():
        sealed = Path(place, SEALED_KEY)
        return _as_machine_key(read_file(sealed), sealed)
    return read_machine_key(path)


def read_machine_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key in a file; raises `WrongUse` or `Unverified`."""
    return _as_machine_key(_ours_alone(path), path)


def tls_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """An elliptic-curve key in a file; raises `WrongUse` or `Unverified`."""
    key = _private(_ours_alone(path), path)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unverified(f"{path} is no EC key; restore it or enrol again")
    return key


def private_pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as unencrypted PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_file(path: Path) -> bytes:
    """A file of the enrolment; raises `WrongUse`."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise WrongUse(
            f"no {path}; enrol the box: `voiceassist appliance enrol request`, then `accept`"
        ) from error
    except OSError as error:
        raise WrongUse(f"{path} can't be read ({error.strerror}); correct its owner") from error


def _as_machine_key(data: bytes, path: Path) -> Ed25519PrivateKey:
    key = _private(data, path)
    if not isinstance(key, Ed25519PrivateKey):
        raise Unverified(f"{path} is no Ed25519 key; restore it or enrol again")
    return key


def _ours_alone(path: Path) -> bytes:
    data = read_file(path)
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        raise Unverified(f"others can read {path}; run `chmod 600 {path}`, or make a new key")
    return data


def _private(data: bytes, path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise Unverified(f"{path} is no private key in PEM; restore it or enrol again") from error
