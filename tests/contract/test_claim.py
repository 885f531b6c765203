from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.contract.canonical import canonical
from voiceassist.contract.claim import MAX_DATAGRAM, MAX_ECHOES, Claim, Datagram, Notice
from voiceassist.errors import BadInput

WORD = st.text("0123456789abcdef", min_size=16, max_size=16)
NAME = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
CLAIM = st.builds(
    Claim, call=WORD, loud=st.integers(-1000, 1000), score=st.integers(0, 1000),
    age_ms=st.integers(0, 10_000), taken=st.booleans(),
)  # fmt: skip
NOTICE = st.builds(
    Notice, v=st.just(1), zone=NAME, room=NAME, boot=WORD, seq=st.integers(0, 2**53 - 1), asks=WORD,
    echoes=st.lists(WORD, max_size=MAX_ECHOES).map(tuple), claim=st.none() | CLAIM,
)  # fmt: skip
FULL = Notice(
    zone="z" * 63, room="r" * 63, boot="b" * 16, seq=2**53 - 1, asks="a" * 16,
    echoes=("e" * 16,) * MAX_ECHOES,
    claim=Claim(call="c" * 16, loud=-1000, score=1000, age_ms=10_000, taken=False),
)  # fmt: skip


@given(NOTICE)
def test_a_notice_comes_back_as_it_was(notice: Notice) -> None:
    """Writing and reading change nothing."""
    assert Notice.from_bytes(notice.to_bytes()) == notice


@given(st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    """Whatever bytes come in, reading them fails in one way only."""
    for read in (Notice.from_bytes, Datagram.from_bytes):
        with pytest.raises(BadInput):
            read(data)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_damaged_datagram_is_read_as_another_or_refused(at: int, value: int) -> None:
    """One altered byte never ends in any other error, nor in the same signed bytes."""
    whole = Datagram(b"C" * 500, b"S" * 70, FULL.to_bytes())
    data = bytearray(whole.to_bytes())
    at %= len(data)
    if data[at] == value:
        return
    data[at] = value
    try:
        read = Datagram.from_bytes(bytes(data))
    except BadInput:
        return
    assert read != whole


def test_the_longest_notice_fits_one_datagram() -> None:
    """With a certificate as long as ours can be, nothing is cut in pieces."""
    data = Datagram(b"C" * 600, b"S" * 72, FULL.to_bytes()).to_bytes()
    assert len(data) <= MAX_DATAGRAM
    with pytest.raises(BadInput):
        Datagram(b"C" * 1400, b"S" * 72, FULL.to_bytes()).to_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": True}, {"room": "Room"}, {"zone": ""}, {"boot": "xyz"}, {"seq": -1},
        {"seq": "1"}, {"echoes": ["e" * 16] * 13}, {"words": "give 5 mg"}, {"claim": {"loud": 1}},
        {"asks": "A" * 16},
    ],
)  # fmt: skip
def test_what_is_not_in_the_form_is_refused(change: dict[str, object]) -> None:
    """A field more, a field of another kind or size: refused, so that no words can travel."""
    data = canonical(FULL.model_dump(mode="json") | change)  # type: ignore[operator]
    with pytest.raises(BadInput):
        Notice.from_bytes(data)


def test_one_value_has_one_form() -> None:
    """The same notice with a blank in it is refused."""
    with pytest.raises(BadInput):
        Notice.from_bytes(FULL.to_bytes().replace(b",", b", ", 1))
