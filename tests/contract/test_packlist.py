from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.contract.canonical import Json, canonical
from voiceassist.contract.edition import PackRef
from voiceassist.contract.packlist import (
    apply_update,
    list_bytes,
    make_update,
    read_list,
    state_root,
)
from voiceassist.errors import Unverified


def ref(document: str, digit: str = "1", version: int = 1) -> PackRef:
    return PackRef(document=document, version=version, sha256=digit * 64, size=10, passages=2)


PACKS = (ref("b", "1"), ref("a", "2"), ref("c", "3"))
ROW: list[Json] = ["a", 1, "2" * 64, 10, 2]
LISTS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(1, 3), st.sampled_from("0123"))
).map(lambda rows: tuple(ref(name, digit, version) for name, (version, digit) in rows.items()))


@given(before=LISTS, after=LISTS)
def test_an_update_leads_from_any_list_to_any_other(
    before: tuple[PackRef, ...], after: tuple[PackRef, ...]
) -> None:
    """What an update makes of the held list is the list that was meant, row for row."""
    root = state_root(after)
    for data in (make_update(after, before), make_update(after)):
        assert read_list(list_bytes(apply_update(data, before, root=root))) == tuple(
            sorted(after, key=lambda one: one.document)
        )


def test_the_state_root_depends_on_the_set_of_packs_alone() -> None:
    """The order of the packs does not matter; any of them does."""
    assert state_root(PACKS) == state_root(reversed(PACKS))
    assert state_root(PACKS) != state_root(PACKS[:1])


def test_an_update_of_few_changes_is_small() -> None:
    """One changed document in a thousand costs two hundred bytes, not the list."""
    before = [ref(f"document-{number}") for number in range(1000)]
    after = [*before[1:], ref("document-0", "2", 2)]
    assert len(make_update(after, before)) < 200


def packed(value: Json) -> bytes:
    return zstandard.ZstdCompressor().compress(canonical(value))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zstd",
        packed([]),
        packed({"a": 1}),
        packed(["", [], "rows"]),
        packed(["", [1], [ROW]]),
        packed(["", ["zz"], [ROW]]),
        packed(["", [], [ROW[:4]]]),
        packed(["", [], [[*ROW, 1]]]),
        packed(["", [], [["a", 1, "../../etc", 10, 2]]]),
        packed(["", [], [["a", True, "2" * 64, 10, 2]]]),
        packed(["0" * 64, [], [ROW]]),
        packed(["", [], []]),
        zstandard.ZstdCompressor().compress(b"[" * 100_000),
        zstandard.ZstdCompressor().compress(b" " * (65 << 20)),
        zstandard.ZstdCompressor(write_content_size=False).compress(canonical(["", [], [ROW]])),
    ],
    ids=range(16),
)
def test_an_update_that_is_none_is_refused(data: bytes) -> None:
    """Cut, malformed, of another list, too large, or of no stated size: refused, not guessed."""
    with pytest.raises(Unverified):
        apply_update(data, PACKS, root=state_root([ref("a", "2")]))


@pytest.mark.parametrize("value", [{}, [ROW, ROW], [["b", *ROW[1:]], ROW], ["row"]])
def test_a_list_that_is_none_is_refused(value: Json) -> None:
    """A list has one form: sorted, each document once."""
    with pytest.raises(Unverified):
        read_list(canonical(value))
