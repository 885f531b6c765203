"""Signs what this box tells its peers, and opens what they tell.

Law: nothing is believed that was not signed by the key of a certificate which the clinic's own
authority gave to the room that it names (law 5). The key is that of the room's TLS certificate,
ECDSA over P-256, since the authority certifies no other.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.enrol import Identity
from voiceassist.contract.claim import Datagram, Notice, to_sign
from voiceassist.errors import Unverified, WrongUse

_KNOWN = 32  # certificates kept, once checked
_ALGORITHM = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class _Peer:
    room: str
    key: ec.EllipticCurvePublicKey = field(repr=False)
    ends: dt.datetime


class Seal:
    """One room's. `today` is the time of day, which may be wrong: only the past is believed."""

    def __init__(
        self,
        authority: x509.Certificate,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        today: Callable[[], dt.datetime],
    ) -> None:
        self._authority = authority
        self._certificate = certificate.public_bytes(Encoding.DER)
        self._not_before = certificate.not_valid_before_utc
        self._key = key
        self._today = today
        self._known: OrderedDict[bytes, _Peer] = OrderedDict()
        self.room = _name(certificate)

    def close(self, notice: Notice) -> bytes:
        """The datagram of `notice`; raises `BadInput` where it is too long for one."""
        data = notice.to_bytes()
        return Datagram(
            self._certificate, self._key.sign(to_sign(data), _ALGORITHM), data
        ).to_bytes()

    def knows(self, datagram: Datagram) -> bool:
        """Whether its certificate was checked before."""
        return datagram.certificate in self._known

    def open(self, datagram: Datagram) -> Notice:
        """The notice, once all is checked; raises `Unverified`, or `BadInput` for a damaged one."""
        peer = self._peer(datagram.certificate)
        if peer.ends < max(self._today(), self._not_before):
            raise Unverified(f"the certificate of room {peer.room!r} has ended; enrol it again")
        try:
            peer.key.verify(datagram.signature, datagram.signed, _ALGORITHM)
        except InvalidSignature as error:
            raise Unverified("a peer's signature does not hold; dropped") from error
        notice = Notice.from_bytes(datagram.notice)
        if notice.room != peer.room:
            raise Unverified(f"room {peer.room!r} speaks as {notice.room!r}; dropped")
        return notice

    def _peer(self, certificate: bytes) -> _Peer:
        if (known := self._known.get(certificate)) is not None:
            self._known.move_to_end(certificate)
            return known
        peer = self._check(certificate)
        self._known[certificate] = peer
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)
        return peer

    def _check(self, data: bytes) -> _Peer:
        try:
            certificate = x509.load_der_x509_certificate(data)
            certificate.verify_directly_issued_by(self._authority)
            key = certificate.public_key()
            kind = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
            raise Unverified("a peer's certificate is not this clinic's; dropped") from error
        if not isinstance(key, ec.EllipticCurvePublicKey) or (
            ExtendedKeyUsageOID.CLIENT_AUTH not in kind
        ):
            raise Unverified("a peer's certificate is no room's; dropped")
        return _Peer(_name(certificate), key, certificate.not_valid_after_utc)


def seal_of(identity: Identity, today: Callable[[], dt.datetime]) -> Seal:
    """The seal of an enrolled box; raises `WrongUse` for files that can't be used."""
    try:
        key = load_pem_private_key(_read(identity.tls_key), None)
        authority = x509.load_pem_x509_certificate(_read(identity.ca))
        certificate = x509.load_pem_x509_certificate(_read(identity.cert))
    except ValueError as error:
        raise WrongUse("the room's TLS files are damaged; enrol the box again") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise WrongUse("the room's TLS key is no EC key; enrol the box again")
    return Seal(authority, certificate, key, today)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path} can't be read ({error.strerror}); correct its owner") from error


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
