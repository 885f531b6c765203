"""Session tokens: JWTs signed with a secret that only this installation has.

The algorithm is pinned and the audience, kind and id are required, so that neither a token of
another purpose nor one of another installation passes. Source: RFC 8725.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

import jwt

from hub.errors import Unauthorized

AUDIENCE = "voiceassist-hub-administrators"
Kind = Literal["access", "page"]
_ALGORITHM = "HS256"
_REQUIRED = ["sub", "aud", "iat", "exp", "jti", "type"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: whose it is, its id, and until when it is good (Unix seconds)."""

    user: str
    jti: str
    expires_s: int


class Tokens:
    """Makes and checks tokens."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, claims: Claims, kind: Kind, now_s: int) -> str:
        """A token good from `now_s` to its expiry."""
        body = {
            "sub": claims.user,
            "jti": claims.jti,
            "aud": AUDIENCE,
            "type": kind,
            "iat": now_s,
            "exp": claims.expires_s,
        }
        return jwt.encode(body, self._secret, algorithm=_ALGORITHM)

    def check(self, token: str, kind: Kind, now_s: int) -> Claims:
        """The token's claims; raises `Unauthorized`."""
        try:
            body = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            claims = Claims(str(body["sub"]), str(body["jti"]), int(body["exp"]))
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthorized("this session does not hold; sign in again") from error
        if body["type"] != kind or now_s >= claims.expires_s:
            raise Unauthorized("the session has ended; sign in again")
        return claims

    def csrf(self, jti: str) -> str:
        """The value that a form of session `jti` must carry."""
        return hmac.new(self._secret, b"csrf:" + jti.encode(), hashlib.sha256).hexdigest()

    def csrf_holds(self, jti: str, offered: str) -> bool:
        """Whether a form really came from a page of session `jti`."""
        return hmac.compare_digest(self.csrf(jti).encode(), offered.encode())


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as handed out."""

    token: str = field(repr=False)
    claims: Claims
    lifetime_s: int
