from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from voiceassist.contract.canonical import canonical
from voiceassist.contract.command import (
    COMMAND_BYTES,
    COMMAND_TYPE,
    LONGEST_S,
    PROBLEM_CHARACTERS,
    REPLY_TYPE,
    SHORTEST_S,
    SKEW_S,
    Command,
    CommandReply,
    Expired,
    Outcome,
    Replayed,
    Verb,
    check_command,
    open_command,
    open_reply,
    sign_command,
    sign_reply,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

HUB = Signer(Ed25519PrivateKey.from_private_bytes(b"h" * 32))
ROOM = Signer(Ed25519PrivateKey.from_private_bytes(b"r" * 32))
TRUSTED = KeyRing([HUB.public])
NOW_S = 1_800_000_000


def command(**more: object) -> Command:
    given = {
        "id": "c-1", "clinic": "north", "room": "exam-1", "number": 7, "verb": Verb.IDENTIFY,
        "issued_s": NOW_S, "expires_s": NOW_S + 300,
    }  # fmt: skip
    return Command.model_validate(given | more)


def opened(envelope: Envelope, room: str = "exam-1", clinic: str = "north") -> Command:
    return open_command(envelope, TRUSTED, clinic=clinic, room=room)


@pytest.mark.parametrize("verb", list(Verb))
def test_a_command_travels_whole(verb: Verb) -> None:
    """What the hub signs is what the room reads, and it fits the message."""
    sent = command(verb=verb)
    envelope = sign_command(sent, HUB)
    assert opened(Envelope.from_json(envelope.to_json())) == sent
    assert len(envelope.to_json()) < COMMAND_BYTES


@given(st.data())
def test_any_altered_byte_is_refused(data: st.DataObject) -> None:
    """One bit of payload, signature, type or key id is enough."""
    envelope = sign_command(command(), HUB)
    part = data.draw(st.sampled_from(["payload", "sig", "payload_type", "keyid"]))
    value = getattr(envelope, part)
    raw = bytearray(base64.b64decode(value) if part in {"payload", "sig"} else value.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 6))
    altered = base64.b64encode(raw) if part in {"payload", "sig"} else bytes(raw)
    with pytest.raises(Unverified):
        opened(envelope.model_copy(update={part: altered.decode()}))


def test_only_the_hubs_word_of_this_kind_counts() -> None:
    """Another key, another type over the same bytes, and the room's own signature are refused."""
    payload = canonical(command().model_dump(mode="json"))
    for envelope in (
        sign_command(command(), ROOM),
        HUB.sign(REPLY_TYPE, payload),
        HUB.sign("application/vnd.voiceassist.journal-ack.v1+json", payload),
    ):
        with pytest.raises(Unverified):
            opened(envelope)


@pytest.mark.parametrize(("clinic", "room"), [("north", "exam-2"), ("south", "exam-1")])
def test_another_rooms_command_is_refused(clinic: str, room: str) -> None:
    """A command that was signed for one room is none in another, or in another clinic's."""
    with pytest.raises(Unverified, match="not for"):
        opened(sign_command(command(), HUB), room, clinic)


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b'{"v":2}', b'{"b":1,"a":1}', b'{"a":1.5}', b"[" * 90_000]
)
def test_what_is_signed_but_no_command_is_refused(payload: bytes) -> None:
    """Even the hub's signature makes no command of other bytes."""
    with pytest.raises(Unverified, match="malformed"):
        opened(HUB.sign(COMMAND_TYPE, payload))


@pytest.mark.parametrize("seconds", [-1, 0, SHORTEST_S - 1, LONGEST_S + 1])
def test_a_command_is_good_for_seconds_to_a_day(seconds: int) -> None:
    """None that never ends, or that ends before it can arrive, can be made or read."""
    with pytest.raises(ValidationError):
        command(expires_s=NOW_S + seconds)
    for right in (SHORTEST_S, LONGEST_S):
        assert command(expires_s=NOW_S + right).expires_s == NOW_S + right


@given(number=st.integers(1, 2**53 - 1), last=st.integers(0, 2**53 - 1))
def test_numbers_only_rise(number: int, last: int) -> None:
    """A number that was taken, or one below it, is a replay; a higher one is not."""
    if number <= last:
        with pytest.raises(Replayed, match="issue it again"):
            check_command(command(number=number), newer_than=last, now_s=NOW_S)
    else:
        check_command(command(number=number), newer_than=last, now_s=NOW_S)


@given(now_s=st.integers(NOW_S - 10_000, NOW_S + 10_000))
def test_a_command_has_its_time(now_s: int) -> None:
    """Before it (but for the clocks' difference) and after it nothing is done."""
    if now_s >= NOW_S + 300:
        with pytest.raises(Expired, match="clocks"):
            check_command(command(), newer_than=6, now_s=now_s)
    elif now_s < NOW_S - SKEW_S:
        with pytest.raises(Unverified, match="future"):
            check_command(command(), newer_than=6, now_s=now_s)
    else:
        check_command(command(), newer_than=6, now_s=now_s)


def test_a_verb_of_a_later_release_can_be_read() -> None:
    """A room can tell the hub that it does not know a command, since it can read whose it is."""
    assert opened(sign_command(command(verb="dance"), HUB)).verb == "dance"
    with pytest.raises(ValidationError):
        command(verb="rm -rf")


def test_no_verb_opens_a_microphone_or_takes_anything_out() -> None:
    """The list of what can be ordered grows on purpose only: whoever adds to it reads this."""
    assert set(Verb) == {"identify", "fetch_edition", "report", "mute", "restart"}


@given(
    outcome=st.sampled_from(list(Outcome)),
    problem=st.text(st.characters(exclude_categories=["Cs"]), max_size=PROBLEM_CHARACTERS),
)
def test_a_reply_travels_whole_and_is_the_rooms(outcome: Outcome, problem: str) -> None:
    """What the room signs is what the hub reads; nobody else's key, nor the hub's, will do."""
    reply = CommandReply(id="c-1", number=7, outcome=outcome, problem=problem)
    trusted = KeyRing([ROOM.public])
    assert open_reply(sign_reply(reply, ROOM), trusted) == reply
    with pytest.raises(Unverified):
        open_reply(sign_reply(reply, HUB), trusted)
    with pytest.raises(Unverified):
        open_reply(ROOM.sign(COMMAND_TYPE, sign_reply(reply, ROOM).raw()), trusted)
