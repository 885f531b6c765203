"""Session tokens: JWTs signed with a secret that only this installation has.

The algorithm is pinned, headers that name keys are not looked at, and audience, kind, session and
id are required, so that neither a token of another purpose nor one of another installation passes.
HS256, since who makes them is who checks them; a hub split into services would sign by EdDSA.
Source: RFC 8725.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import jwt

from hub.errors import TokenExpired, Unauthorized

AUDIENCE = "voiceassist-hub"
Kind = Literal["access", "refresh", "page"]
_ALGORITHM = "HS256"
_REQUIRED = ["sub", "aud", "iat", "exp", "jti", "sid", "type"]
_LONGEST = 2000
_MOST_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: whose it is, of which session, its id, its end (Unix seconds)."""

    user: str
    session: str
    jti: str
    expires_s: int


class Tokens:
    """Makes and checks tokens."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # what holds once holds always: only its time is looked at again; a failure is not kept
        self._verified = lru_cache(_MOST_KEPT)(self._verify)

    def make(self, claims: Claims, kind: Kind, now_s: int) -> str:
        """A token good from `now_s` to its expiry."""
        body = {
            "sub": claims.user,
            "sid": claims.session,
            "jti": claims.jti,
            "aud": AUDIENCE,
            "type": kind,
            "iat": now_s,
            "exp": claims.expires_s,
        }
        return jwt.encode(body, self._secret, algorithm=_ALGORITHM)

    def check(self, token: str, kind: Kind, now_s: int) -> Claims:
        """The token's claims; raises `TokenExpired`, or `Unauthorized` for no such token."""
        claims, made_as = self._verified(token if len(token) <= _LONGEST else "")
        if made_as != kind:
            raise Unauthorized(f"this is no {kind} token; sign in again")
        if now_s >= claims.expires_s:
            raise TokenExpired("the token has run out; refresh it or sign in again")
        return claims

    def _verify(self, token: str) -> tuple[Claims, str]:
        try:
            body = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            user, session, jti = (str(body[one]) for one in ("sub", "sid", "jti"))
            return Claims(user, session, jti, int(body["exp"])), str(body["type"])
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise Unauthorized("this token does not hold; sign in again") from error

    def csrf(self, session: str) -> str:
        """The value that a form of a session must carry."""
        return hmac.new(self._secret, b"csrf:" + session.encode(), hashlib.sha256).hexdigest()

    def csrf_holds(self, session: str, offered: str) -> bool:
        """Whether a form really came from a page of a session."""
        return hmac.compare_digest(self.csrf(session).encode(), offered.encode())
