from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import PackRef
from voiceassist.errors import Unverified
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.editions.packs import Pack
from voiceassist.knowledge.editions.patches import apply_patch, make_patch
from voiceassist.knowledge.editions.store import EditionStore

MakeStore = Callable[[], EditionStore]


def _document(dose: int) -> Document:
    draw = random.Random(1)
    lines = [
        f"## Part {n}\n\nGive {draw.randrange(10**6)} mg of agent {n} twice." for n in range(90)
    ]
    lines[40] = f"## Part 40\n\nGive {dose} mg of agent 40 twice."
    return read_document("long.md", ("# Long\n\n" + "\n\n".join(lines)).encode(), Limits())


@pytest.fixture
def versions(publisher: Any) -> tuple[Pack, Pack]:
    return publisher.make(_document(250)), publisher.make(_document(500), version=2)


def test_a_patch_gives_the_new_pack_to_the_byte(versions: tuple[Pack, Pack]) -> None:
    """One sentence changed costs a part of the pack."""
    old, new = versions
    patch = make_patch(old.data, new.data)
    assert apply_patch(patch, old.data, new.ref) == new.data
    assert len(patch) * 3 < len(new.data)


def test_what_does_not_come_out_right_is_refused(
    publisher: Any, versions: tuple[Pack, Pack]
) -> None:
    """Another target, no base, a damaged or a lying patch give an error, never a pack."""
    old, new = versions
    patch = make_patch(old.data, new.data)
    for start in range(0, len(patch), max(1, len(patch) // 40)):
        spoiled = patch[:start] + bytes([patch[start] ^ 1]) + patch[start + 1 :]
        with suppress(Unverified):  # zstd reads over some bits
            assert apply_patch(spoiled, old.data, new.ref) == new.data
        with pytest.raises(Unverified):
            apply_patch(patch[:start], old.data, new.ref)
    other = publisher.make(_document(125), version=9)
    with pytest.raises(Unverified):
        apply_patch(patch, old.data, other.ref)
    with pytest.raises(Unverified):
        apply_patch(patch, b"nothing", new.ref)
    with pytest.raises(Unverified):
        make_patch(b"nothing", new.data)


def test_a_patch_can_not_unfold_without_end(versions: tuple[Pack, Pack]) -> None:
    """A frame that states no size, or too large a one, is refused before it is unfolded."""
    import zstandard  # noqa: PLC0415 - only here

    old, _ = versions
    stream = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    endless = stream.compress(bytes(1 << 20)) + stream.flush()
    ref = PackRef(document="long", version=3, sha256=sha256(endless), size=9, passages=1)
    for bomb in (endless, zstandard.ZstdCompressor().compress(bytes((256 << 20) + 1))):
        with pytest.raises(Unverified):
            apply_patch(bomb, old.data, ref)


def test_a_changed_document_comes_as_a_patch(
    make_store: MakeStore, publisher: Any, versions: tuple[Pack, Pack]
) -> None:
    """The room that has the version before fetches no pack; one that has not fetches it whole."""
    old, new = versions
    publisher.patching = True
    store = make_store()
    publisher.serve(store, 1, [old])
    publisher.fetched.clear()
    publisher.serve(store, 2, [new])
    assert publisher.fetched == []
    assert "500 mg" in (store.current() or pytest.fail("no library")).document_text("long")
    (store.packs / new.ref.sha256).write_bytes(b"damaged")
    third = publisher.make(_document(750), version=3)
    publisher.serve(store, 3, [third])
    assert publisher.fetched == [(third.ref, 0)]


@pytest.mark.parametrize("wrong", [b"no patch", b""])
def test_a_wrong_patch_costs_one_more_request(
    make_store: MakeStore,
    publisher: Any,
    versions: tuple[Pack, Pack],
    monkeypatch: pytest.MonkeyPatch,
    wrong: bytes,
) -> None:
    """Whatever comes in a patch's place, the pack is fetched whole and the edition is installed."""
    old, new = versions
    store = make_store()
    publisher.serve(store, 1, [old])
    publisher.fetched.clear()
    monkeypatch.setattr(publisher, "patch", lambda _ref, _base: wrong)
    assert publisher.serve(store, 2, [new]).packs() == (new.ref,)
    assert publisher.fetched == [(new.ref, 0)]
