"""How a box becomes a room of a clinic: it makes its keys, and takes the hub's kit.

Law: private keys are made here and never leave; nothing is accepted that was not made for
these keys. See docs/architecture.md, "Enrolment and keys".
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.keys import (
    machine_key,
    private_pem,
    read_file,
    read_machine_key,
    tls_key,
)
from voiceassist.console import out, print_json
from voiceassist.contract.signing import KeyRing, Signer, as_pem
from voiceassist.contract.trust import Trust
from voiceassist.errors import Unverified, WrongUse

_ROOM = r"^[a-z0-9][a-z0-9-]{0,62}$"
_OTHERS = 0o077  # permission bits that nobody but the owner may have


class EnrolRequest(BaseModel):
    """What the hub is asked with: public parts only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: str = Field(pattern=_ROOM)
    machine_public_pem: str
    csr_pem: str


class HubFile(BaseModel):
    """`hub.json`: the hub that this room belongs to, and the keys it is trusted by.

    `edition_keys` is the version of the keys in `edition_public_pem`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clinic: str = Field(pattern=_ROOM)
    room: str = Field(pattern=_ROOM)
    edition_keys: int = Field(default=1, ge=1)
    edition_public_pem: tuple[str, ...] = Field(min_length=1, max_length=8)
    ack_public_pem: tuple[str, ...] = Field(min_length=1)
    hub_url: str
    mqtt_host: str
    mqtt_port: int = Field(ge=1, le=65535)


class Kit(HubFile):
    """What the hub answers; nothing in it is secret."""

    ca_pem: str
    cert_pem: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this box is, whom it trusts, and where its hub stands."""

    room: str
    clinic: str
    private: Ed25519PrivateKey = field(repr=False)
    signer: Signer
    ca: Path
    cert: Path
    tls_key: Path
    editions: Trust = field(repr=False)
    acks: KeyRing = field(repr=False)
    hub_url: str
    mqtt_host: str
    mqtt_port: int


def request_enrolment(room: str, folder: Path) -> Path:
    """Make this box's keys, or keep those it has, and write `request.json` for the hub.

    Raises `WrongUse` for a room name or folder that can't be used.
    """
    if re.fullmatch(_ROOM, room) is None:
        raise WrongUse(f"{room!r} can't name a room; use a-z, 0-9 and -, 63 at most")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        machine, tls = folder / "machine.key", folder / "tls.key"
        if not machine.exists():
            _write(machine, private_pem(Ed25519PrivateKey.generate()), 0o600)
        if not tls.exists():
            _write(tls, private_pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
        request = EnrolRequest(
            room=room,
            machine_public_pem=as_pem(read_machine_key(machine).public_key()),
            csr_pem=_csr(room, tls_key(tls)),
        )
        path = folder / "request.json"
        _write(path, request.model_dump_json(indent=1).encode() + b"\n", 0o644)
    except OSError as error:
        raise WrongUse(f"{folder} can't be written ({error.strerror}); choose another") from error
    return path


def accept_enrolment(kit_path: Path, folder: Path) -> Kit:
    """Check the hub's kit against this box's keys and keep what it brings.

    Raises `WrongUse` where a file lacks and `Unverified` where the kit is another box's.
    """
    kit = _parse(Kit, kit_path)
    asked = _parse(EnrolRequest, folder / "request.json")
    if kit.room != asked.room:
        raise Unverified(f"the kit is for room {kit.room!r}, this box asked for {asked.room!r}")
    _check_certificate(kit.cert_pem.encode(), kit.ca_pem.encode(), folder / "tls.key")
    for pem in (*kit.edition_public_pem, *kit.ack_public_pem):
        _public(pem)
    hub = HubFile(**kit.model_dump(exclude={"ca_pem", "cert_pem"}))
    _write(folder / "ca.pem", kit.ca_pem.encode(), 0o644)
    _write(folder / "tls.crt", kit.cert_pem.encode(), 0o644)
    _write(folder / "hub.json", hub.model_dump_json(indent=1).encode() + b"\n", 0o644)
    return kit


def load_identity(folder: Path) -> Identity:
    """Read what enrolment left; raises `WrongUse` or `Unverified` naming the file at fault."""
    hub = _parse(HubFile, folder / "hub.json")
    private = machine_key(folder)
    ca, cert, tls = folder / "ca.pem", folder / "tls.crt", folder / "tls.key"
    _check_certificate(read_file(cert), read_file(ca), tls)
    return Identity(
        room=hub.room,
        clinic=hub.clinic,
        private=private,
        signer=Signer(private),
        ca=ca,
        cert=cert,
        tls_key=tls,
        editions=_trust(hub),
        acks=KeyRing(_public(pem) for pem in hub.ack_public_pem),
        hub_url=hub.hub_url,
        mqtt_host=hub.mqtt_host,
        mqtt_port=hub.mqtt_port,
    )


app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback()
def enrol() -> None:
    """Make this box a room of a clinic."""


_Folder = Annotated[Path, typer.Option("--dir", help="Where this box keeps its identity.")]
_Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@app.command()
def request(
    room: Annotated[str, typer.Option(help="The room's name: a-z, 0-9 and -.")],
    folder: _Folder,
    *,
    as_json: _Json = False,
) -> None:
    """Make this box's keys and the request to take to the hub."""
    path = request_enrolment(room, folder)
    if as_json:
        print_json({"room": room, "request": str(path)})
        return
    out.print(f"wrote {path}; on the hub: voiceassist hub rooms enrol {path.name} --out kit.json")


@app.command()
def accept(
    kit: Annotated[Path, typer.Argument(help="The kit that the hub wrote.")],
    folder: _Folder,
    *,
    as_json: _Json = False,
) -> None:
    """Take the hub's kit."""
    accepted = accept_enrolment(kit, folder)
    if as_json:
        print_json({"room": accepted.room, "clinic": accepted.clinic, "hub_url": accepted.hub_url})
        return
    out.print(f"this box is room {accepted.room!r} of clinic {accepted.clinic!r}")


M = TypeVar("M", bound=BaseModel)


def _parse(kind: type[M], path: Path) -> M:
    try:
        return kind.model_validate_json(read_file(path))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Unverified(f"{path}: {place}: {first['msg']}; enrol the box again") from error


def _trust(hub: HubFile) -> Trust:
    trust = Trust(clinic=hub.clinic, version=hub.edition_keys, editions=hub.edition_public_pem)
    trust.ring()
    return trust


def _public(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise Unverified("a public key of the hub is damaged; enrol the box again") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Unverified("a public key of the hub is not Ed25519; enrol the box again")
    return key


def _check_certificate(cert_pem: bytes, ca_pem: bytes, key_path: Path) -> None:
    key = tls_key(key_path)
    try:
        cert = x509.load_pem_x509_certificate(cert_pem)
        cert.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_pem))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Unverified("the room's certificate is not its clinic's; enrol it again") from error
    if cert.public_key() != key.public_key():
        raise Unverified(f"the room's certificate does not fit {key_path}; enrol the box again")


def _csr(room: str, key: ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, room)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and on the disk: a crash leaves the old file or the new."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
