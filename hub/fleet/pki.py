"""The clinic's own certificate authority (EC P-256), for TLS between its machines.

Pure but for `cryptography`'s own randomness: keys, names and times are arguments.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from voiceassist.errors import BadInput, Unverified

AUTHORITY_DAYS = 3650
LEAF_DAYS = 825  # the longest that all common TLS stacks accept
RENEW_DAYS = 60
_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_BACKDATE = dt.timedelta(hours=1)  # boxes' clocks differ


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def cert_pem(self) -> bytes:
        """The certificate, PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key, PKCS8 PEM without a passphrase: its file must be 0600."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_identity(cert_pem: bytes, key_pem: bytes) -> Identity:
    """Read an identity; raises `Unverified` when the files are no EC pair."""
    try:
        certificate = x509.load_pem_x509_certificate(cert_pem)
        key = load_pem_private_key(key_pem, None)
    except (ValueError, TypeError) as error:
        raise Unverified("a certificate or key under data_dir is damaged; restore it") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != (
        certificate.public_key()
    ):
        raise Unverified("a certificate under data_dir does not fit its key; restore both")
    return Identity(certificate, key)


def still_good(cert_pem: bytes | None, hosts: Iterable[str], now: dt.datetime) -> bool:
    """Whether a certificate is there, names all `hosts`, and does not end within `RENEW_DAYS`."""
    if cert_pem is None:
        return False
    certificate = x509.load_pem_x509_certificate(cert_pem)
    named: set[x509.GeneralName] = set()
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            named = set(extension.value)
    lasts = certificate.not_valid_after_utc - now > dt.timedelta(days=RENEW_DAYS)
    return lasts and {_host(one) for one in hosts} <= named


def make_authority(clinic: str, now: dt.datetime) -> Identity:
    """The clinic's authority. It signs machines' certificates and no other authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"VoiceAssist {clinic[:40]} authority")
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Identity(builder.sign(key, SHA256()), key)


def make_server(authority: Identity, name: str, hosts: Iterable[str], now: dt.datetime) -> Identity:
    """A server's identity for `hosts`, which are DNS names or addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([_host(one) for one in dict.fromkeys(hosts)])
    builder = _leaf(authority, name, key.public_key(), _SERVER, now)
    certificate = builder.add_extension(alternatives, critical=False).sign(authority.key, SHA256())
    return Identity(certificate, key)


def make_client(authority: Identity, name: str, now: dt.datetime) -> Identity:
    """A client's identity; the broker takes its common name for its user name."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _leaf(authority, name, key.public_key(), _CLIENT, now)
    return Identity(builder.sign(authority.key, SHA256()), key)


def certify_room(
    authority: Identity, csr_pem: bytes, room: str, now: dt.datetime
) -> x509.Certificate:
    """The client certificate of `room` for the key in its request; raises `BadInput`.

    Nothing but the key is taken from the request: it can't name itself anything else.
    """
    try:
        request = x509.load_pem_x509_csr(csr_pem)
        sound = request.is_signature_valid
        key = request.public_key()
    except (ValueError, InvalidSignature) as error:
        raise BadInput("the certificate request is damaged; make a new one on the box") from error
    if not sound or not isinstance(key, ec.EllipticCurvePublicKey):
        raise BadInput("the certificate request does not hold; make a new one on the box")
    return _leaf(authority, room, key, _CLIENT, now).sign(authority.key, SHA256())


def _leaf(
    authority: Identity,
    name: str,
    key: ec.EllipticCurvePublicKey,
    purpose: x509.ObjectIdentifier,
    now: dt.datetime,
) -> x509.CertificateBuilder:
    issuer = authority.certificate
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    return (
        _builder(_name(name), issuer.subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(authority_key, critical=False)
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
