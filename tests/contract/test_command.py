from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.contract.command import (
    COMMAND_TYPE,
    Command,
    CommandReply,
    Expired,
    Verb,
    open_command,
    open_reply,
    sign_command,
    sign_reply,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

NOW_S = 1_800_000_000
HUB, ROOM = (Signer(Ed25519PrivateKey.generate()) for _ in range(2))
KEYS = KeyRing([HUB.public])
COMMAND = Command(
    id="c-1", clinic="demo", room="exam-1", number=3, verb=Verb.REPORT,
    issued_s=NOW_S, expires_s=NOW_S + 300,
)  # fmt: skip


def _open(envelope: Envelope, now_s: int = NOW_S, room: str = "exam-1") -> Command:
    return open_command(envelope, KEYS, clinic="demo", room=room, now_s=now_s)


def test_a_command_comes_through_as_it_was_signed() -> None:
    """What the hub signed is what the room reads."""
    assert _open(sign_command(COMMAND, HUB)) == COMMAND


@pytest.mark.parametrize("now_s", [NOW_S - 61, NOW_S + 360, NOW_S + 10**6])
def test_outside_its_time_it_is_nothing(now_s: int) -> None:
    """Too early or too late, clocks allowed for, a command is not taken."""
    with pytest.raises(Expired):
        _open(sign_command(COMMAND, HUB), now_s)


def test_another_rooms_command_is_not_ones_own() -> None:
    """A command to one room moves no other, nor a room of that name at another clinic."""
    with pytest.raises(Unverified, match="another room"):
        _open(sign_command(COMMAND, HUB), room="exam-2")
    elsewhere = COMMAND.model_copy(update={"clinic": "other"})
    with pytest.raises(Unverified, match="another room"):
        _open(sign_command(elsewhere, HUB))


def test_only_the_hub_commands() -> None:
    """A room's own key, or the hub's on something else, commands nothing."""
    with pytest.raises(Unverified, match="not trusted"):
        _open(sign_command(COMMAND, ROOM))
    other = HUB.sign("application/other", COMMAND.model_dump_json().encode())
    with pytest.raises(Unverified, match="signed as"):
        _open(other)
    with pytest.raises(Unverified, match="does not hold"):
        _open(other.model_copy(update={"payload_type": COMMAND_TYPE}))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_any_altered_byte_is_refused(place: int, change: int) -> None:
    """Nothing of a command can be altered on its way."""
    data = bytearray(sign_command(COMMAND, HUB).to_json())
    data[place % len(data)] ^= change
    try:
        opened = _open(Envelope.from_json(bytes(data)))
    except Unverified:
        return
    assert opened == COMMAND  # base64 has bits that mean nothing


def test_a_reply_is_its_rooms_own() -> None:
    """One room can't answer for another."""
    reply = CommandReply(id="c-1", room="exam-1", number=3, outcome="done")
    keys = KeyRing([ROOM.public])
    assert open_reply(sign_reply(reply, ROOM), keys, room="exam-1") == reply
    with pytest.raises(Unverified, match="another room"):
        open_reply(sign_reply(reply, ROOM), keys, room="exam-2")
    with pytest.raises(Unverified, match="not trusted"):
        open_reply(sign_reply(reply, HUB), keys, room="exam-1")
