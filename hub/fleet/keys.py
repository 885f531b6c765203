"""The hub's keys on disk: made once by `hub init`, each in a file of its own, 0600.

A crash while they are made leaves some of them; making goes on with those that lack.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    load_pem_public_key,
)

from hub.fleet import pki
from hub.fleet.edition_keys import EditionKeys, load_signer
from hub.fleet.secrets import private_pem, write_secret
from voiceassist.contract.signing import Signer
from voiceassist.errors import BadInput, Unverified, WrongUse

HUB_IDENTITY = "hub"


@dataclass(frozen=True, slots=True)
class HubKeys:
    """Everything secret that the hub has, and the paths of what TLS reads from files."""

    folder: Path
    authority: pki.Identity = field(repr=False)
    edition: EditionKeys
    ack: Signer
    session_secret: bytes = field(repr=False)

    def file(self, name: str) -> Path:
        """Where `name` stands: ca.crt, or hub, broker, hub-client with .crt or .key."""
        return self.folder / name

    @property
    def ca_pem(self) -> bytes:
        """The authority's certificate."""
        return self.authority.cert_pem


def make_keys(folder: Path, clinic: str, hosts: Iterable[str], now: dt.datetime) -> list[str]:
    """Make what lacks, and certificates that end soon or lack a host; the names of both."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made: list[str] = []
    hosts = tuple(hosts)
    if not (folder / "ca.crt").exists():
        _keep(folder, "ca", pki.make_authority(clinic, now))
        made.append("ca")
    authority = _identity(folder, "ca")
    makers: dict[str, Callable[[], pki.Identity]] = {
        "hub": lambda: pki.make_server(authority, "hub server", hosts, now),
        "broker": lambda: pki.make_server(authority, "broker", hosts, now),
        "hub-client": lambda: pki.make_client(authority, HUB_IDENTITY, now),
    }
    for name, make in makers.items():
        served = hosts if name != "hub-client" else ()
        if not pki.still_good(_certificate(folder / f"{name}.crt"), served, now):
            _keep(folder, name, make())
            made.append(name)
    if not EditionKeys(folder).exist():
        EditionKeys(folder).make()
        made.append("edition")
    if not (folder / "ack.pem").exists():
        write_secret(folder / "ack.pem", private_pem(Ed25519PrivateKey.generate()))
        made.append("ack")
    if not (folder / "session.key").exists():
        write_secret(folder / "session.key", secrets.token_bytes(32))
        made.append("session")
    return made


def load_keys(folder: Path) -> HubKeys:
    """Read the keys; raises `WrongUse` where `hub init` has not made them."""
    names = ("ca.crt", "hub.crt", "broker.crt", "hub-client.crt", "session.key", "ack.pem")
    missing = [name for name in names if not (folder / name).is_file()]
    edition = EditionKeys(folder)
    if not missing and not edition.exist():
        missing = ["edition.pem"]
    if missing:
        raise WrongUse(f"no {missing[0]} in {folder}; run `voiceassist hub init` first")
    edition.now()  # a damaged key is told at the start
    edition.forget_old()
    return HubKeys(
        folder=folder,
        authority=_identity(folder, "ca"),
        edition=edition,
        ack=load_signer(folder / "ack.pem"),
        session_secret=(folder / "session.key").read_bytes(),
    )


def load_public(pem: str) -> Ed25519PublicKey:
    """Read a machine's public key; raises `BadInput`."""
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise BadInput("the machine key is damaged; make a new request on the box") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("the machine key is not Ed25519; make a new request on the box")
    return key


def _certificate(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _identity(folder: Path, name: str) -> pki.Identity:
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    if not key.is_file():
        raise Unverified(f"{key} is gone, but its certificate is there; restore it")
    return pki.load_identity(cert.read_bytes(), key.read_bytes())


def _keep(folder: Path, name: str, identity: pki.Identity) -> None:
    (folder / f"{name}.crt").unlink(missing_ok=True)  # a certificate implies its key
    write_secret(folder / f"{name}.key", identity.key_pem)
    write_secret(folder / f"{name}.crt", identity.cert_pem)
