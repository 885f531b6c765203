"""The second factor: time-based codes (RFC 6238), and ten recovery codes for a lost phone.

Law: a code is good once. The secret is kept sealed, so that a copy of the database alone gives no
codes; of recovery codes only hashes are kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
from dataclasses import dataclass, field

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voiceassist.errors import Unverified

STEP_S = 30
_SKEW = 1  # steps that a phone's clock may be off, each way
_RECOVERY = 10
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32, none mistaken for another


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is given: the secret, its URI, and that as a QR code (SVG)."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr: str = field(repr=False)


def enrolment(secret: str, email: str, issuer: str) -> Enrolment:
    """A secret as an app takes it."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    picture = io.BytesIO()
    segno.make(uri, error="m").save(picture, kind="svg", omitsize=True, xmldecl=False)
    return Enrolment(secret, uri, picture.getvalue().decode())


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32(32)


def step_of(secret: str, code: str, now_s: int) -> int | None:
    """The time step that `code` is of, one off at most; None for a wrong code."""
    code = "".join(code.split())
    now = now_s // STEP_S
    for step in (now, *(now + sign * off for off in range(1, _SKEW + 1) for sign in (-1, 1))):
        right = pyotp.TOTP(secret).generate_otp(step)
        if hmac.compare_digest(right.encode(), code.encode()):
            return step
    return None


def random_code(groups: int, length: int) -> str:
    """Groups of letters and digits that nobody mistakes, five random bits each."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(length)) for _ in range(groups))


def recovery_codes() -> tuple[str, ...]:
    """Ten codes of 50 random bits."""
    return tuple(random_code(2, 5) for _ in range(_RECOVERY))


class Vault:
    """Seals secrets with a key that is derived from the installation's own."""

    def __init__(self, secret: bytes) -> None:
        self._box = Fernet(fernet(secret, b"voiceassist second factor"))
        self._key = fernet(secret, b"voiceassist recovery codes")

    def seal(self, secret: str) -> str:
        """For the database."""
        return self._box.encrypt(secret.encode()).decode()

    def hashed(self, codes: tuple[str, ...]) -> str:
        """What is kept of recovery codes: keyed, so that who has the database can't try them."""
        return " ".join(self._hash(one) for one in codes)

    def without(self, kept: str, code: str) -> str | None:
        """What is kept once `code` is used; None where it is none of them."""
        hashes, offered = kept.split(), self._hash(code)
        return " ".join(one for one in hashes if one != offered) if offered in hashes else None

    def _hash(self, code: str) -> str:
        plain = "".join(code.upper().replace("-", "").split()).encode()
        return hmac.new(self._key, plain, hashlib.sha256).hexdigest()

    def open(self, sealed: str) -> str:
        """Raises `Unverified` where it was not sealed with this installation's key."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unverified(
                "the second factor was sealed by another key; an administrator must reset it"
            ) from error


def fernet(secret: bytes, purpose: bytes) -> bytes:
    """A key for one purpose, derived from the installation's secret."""
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret))
