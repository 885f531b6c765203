from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.room_token import (
    AUDIENCE,
    check_room_token,
    make_room_token,
    room_named_in,
)
from voiceassist.errors import Unverified

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW = 1_700_000_000


def _token(**changes: object) -> str:
    claims = {
        "iss": "room-1",
        "sub": "room-1",
        "aud": AUDIENCE,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": "j",
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, KEY, algorithm="EdDSA")


def test_a_rooms_token_proves_the_room() -> None:
    """A fresh token names its room and opens with that room's key."""
    token = make_room_token(KEY, room="room-1", now_s=NOW, jti="j")
    assert room_named_in(token) == "room-1"
    assert check_room_token(token, KEY.public_key(), room="room-1", now_s=NOW) == "j"


@pytest.mark.parametrize("now", [NOW - 31, NOW + 91])
def test_a_token_out_of_its_time_is_refused(now: int) -> None:
    """A minute and the clocks' skew, and a token is over; nor does it hold before."""
    token = make_room_token(KEY, room="room-1", now_s=NOW, jti="j")
    with pytest.raises(Unverified):
        check_room_token(token, KEY.public_key(), room="room-1", now_s=now)


@pytest.mark.parametrize("now", [NOW - 30, NOW, NOW + 90])
def test_a_token_in_its_time_holds(now: int) -> None:
    """Half a minute of skew either way is allowed."""
    token = make_room_token(KEY, room="room-1", now_s=NOW, jti="j")
    assert check_room_token(token, KEY.public_key(), room="room-1", now_s=now) == "j"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "room-2"},
        {"sub": "room-2"},
        {"aud": "other"},
        {"exp": NOW + 3600},
        {"jti": None},
        {"exp": None},
        {"iat": None},
    ],
)
def test_a_token_with_other_claims_is_refused(changes: dict[str, object]) -> None:
    """Another room, audience or life, or a claim that lacks: refused."""
    with pytest.raises(Unverified):
        check_room_token(_token(**changes), KEY.public_key(), room="room-1", now_s=NOW)


def test_another_rooms_key_or_an_unsigned_token_is_refused() -> None:
    """A token holds by the room's own key alone, and never without one."""
    other = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
    foreign = make_room_token(other, room="room-1", now_s=NOW, jti="j")
    unsigned = jwt.encode({"sub": "room-1"}, "", algorithm="none")
    for token in (foreign, unsigned, "", "a.b.c"):
        with pytest.raises(Unverified):
            check_room_token(token, KEY.public_key(), room="room-1", now_s=NOW)


def test_junk_names_no_room() -> None:
    """What is no token is refused before any key is looked up."""
    for token in ("", "x", jwt.encode({"iss": "a"}, KEY, algorithm="EdDSA")):
        with pytest.raises(Unverified):
            room_named_in(token)
