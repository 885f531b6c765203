from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.contract.canonical import Json, canonical, parse, sha256

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _texts
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner) | st.dictionaries(_texts, inner), max_leaves=20
)


@given(_values)
def test_what_is_encoded_is_read_back_the_same(value: Json) -> None:
    """Every value that has a canonical form survives it."""
    assert parse(canonical(value)) == value


@given(st.dictionaries(_texts, st.integers(0, 9)))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    """Two objects with the same members have the same bytes."""
    backwards = dict(reversed(value.items()))
    assert canonical(dict(value)) == canonical(dict(backwards))


def test_the_bytes_are_those_of_rfc_8785() -> None:
    """Escapes, order and white space are the standard's."""
    value: Json = {"b": [1, True, None], "a": 'é\n"\x1f'}
    assert canonical(value) == '{"a":"é\\n\\"\\u001f","b":[1,true,null]}'.encode()


@pytest.mark.parametrize(
    "value", [0.5, {"a": float("nan")}, [2**53], {1: "a"}, {"a": b"x"}, "\ud800"]
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    """Floats, integers beyond 2**53, other keys than text, bytes and lone surrogates raise."""
    with pytest.raises(ValueError):  # noqa: PT011 - the message names the place, tested below
        canonical(value)  # type: ignore[arg-type]


def test_the_place_of_a_bad_value_is_named() -> None:
    """A person can find what is wrong in a large value."""
    with pytest.raises(ValueError, match=r"\$\.a\[1\]"):
        canonical({"a": [1, 0.5]})  # type: ignore[list-item]


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b'"\\u00e9"',
        b"1.0",
        b"NaN",
        b"[" * 100_000,
        b"",
        b"\xff",
    ],
)
def test_other_bytes_for_the_same_value_are_refused(data: bytes) -> None:
    """One value has one byte string: nothing else is read, however deep, and nothing crashes."""
    with pytest.raises(ValueError):  # noqa: PT011 - json raises several kinds
        parse(data)


def test_the_hash_is_sha_256() -> None:
    """The hash is the standard's, in lower-case hexadecimal."""
    assert sha256(b"abc").startswith("ba7816bf8f01cfea")
    assert json.loads(canonical({"h": sha256(b"")}))["h"] == sha256(b"")
