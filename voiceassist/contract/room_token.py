"""How a room proves itself to the hub over HTTPS: a short-lived token it signs itself.

A JWT with `alg` EdDSA over the room's machine key, after RFC 7523's client assertion: issuer
and subject are the room, the audience is the hub, `jti` is fresh, lifetime one minute.
"""

from __future__ import annotations

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from voiceassist.errors import Unverified

AUDIENCE = "voiceassist-hub"
LIFETIME_S = 60


def make_room_token(private: Ed25519PrivateKey, *, room: str, now_s: int, jti: str) -> str:
    """A token good for `LIFETIME_S` seconds from `now_s`."""
    claims = {
        "iss": room,
        "sub": room,
        "aud": AUDIENCE,
        "iat": now_s,
        "exp": now_s + LIFETIME_S,
        "jti": jti,
    }
    return jwt.encode(claims, private, algorithm="EdDSA", headers={"typ": "room+jwt"})


def room_named_in(token: str) -> str:
    """The room that a token claims, unchecked, to look up its key; raises `Unverified`."""
    try:
        return str(jwt.decode(token, options={"verify_signature": False})["sub"])
    except (jwt.InvalidTokenError, KeyError) as error:
        msg = "not a room's token"
        raise Unverified(msg) from error


def check_room_token(token: str, key: Ed25519PublicKey, *, room: str, now_s: int) -> str:
    """Check a token of `room`, allowing 30 s of clock skew; returns its `jti`.

    Raises `Unverified`. `exp` and `iat` are checked against `now_s`, not the system clock.
    """
    required = ["iss", "sub", "aud", "iat", "exp", "jti"]
    skew = 30
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            audience=AUDIENCE,
            issuer=room,
            subject=room,
            options={"require": required, "verify_exp": False, "verify_iat": False},
        )
        issued, expires = int(claims["iat"]), int(claims["exp"])
    except (jwt.InvalidTokenError, ValueError) as error:
        msg = f"the token of room {room!r} does not hold"
        raise Unverified(msg) from error
    if expires - issued > LIFETIME_S or not issued - skew <= now_s <= expires + skew:
        msg = f"the token of room {room!r} is out of its time; check the clocks"
        raise Unverified(msg)
    return str(claims["jti"])
