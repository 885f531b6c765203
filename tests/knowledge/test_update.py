from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.edition import PackRef, sign_manifest
from voiceassist.contract.packlist import make_update
from voiceassist.contract.signing import Signer
from voiceassist.contract.trust import sign_trust, trust_in, write_chain
from voiceassist.errors import Unavailable, Unverified
from voiceassist.knowledge.documents import Document
from voiceassist.knowledge.editions import database
from voiceassist.knowledge.editions.packs import Pack
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.editions.update import update

NOW_S = 1_800_000_000
CLINIC = "clinic-a"
MakeStore = Callable[[], EditionStore]


@pytest.fixture
def packs(publisher: Any, documents: dict[str, Document]) -> list[Pack]:
    return [publisher.make(document) for document in documents.values()]


def version_of(store: EditionStore) -> int:
    library = store.current()
    return library.version if library else 0


def test_nothing_new_costs_only_the_tag(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """A tag that still holds, and an edition that is held already, fetch no list and no pack."""
    store = make_store()
    publisher.publish(1, packs)
    tag = update(store, publisher, now_s=NOW_S)
    publisher.lists.clear()
    publisher.fetched.clear()
    assert update(store, publisher, now_s=NOW_S, etag=tag) == tag
    assert update(store, publisher, now_s=NOW_S + 10**6) == tag
    assert update(make_store(), publisher, now_s=NOW_S) == tag
    assert publisher.lists == publisher.fetched == []


def test_a_source_without_an_edition_changes_nothing(make_store: MakeStore, publisher: Any) -> None:
    """A hub that has not published yet is no error."""
    assert update(make_store(), publisher, now_s=NOW_S) == ""
    assert make_store().current() is None


def test_replays_rollbacks_and_expiry_are_refused(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """The version only rises, and a stale manifest is not new; the current edition serves on."""
    store = make_store()
    publisher.serve(store, 5, packs)
    for version in (5, 4):
        publisher.publish(version, packs[:1])
        with pytest.raises(Unverified, match="not newer"):
            publisher.sync(store)
    publisher.publish(6, packs)
    with pytest.raises(Unverified, match="expired"):
        publisher.sync(store, now_s=NOW_S + 10**6)
    assert version_of(store) == version_of(make_store()) == 5


def test_wrong_key_clinic_and_model_are_refused(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """Only this clinic's editions, by a trusted key, for this embedder."""
    manifest = publisher.publish(1, packs)
    publisher.offered = sign_manifest(manifest, Signer(Ed25519PrivateKey.generate()))
    with pytest.raises(Unverified, match="not trusted"):
        publisher.sync(make_store())
    publisher.publish(1, packs, clinic="other")
    with pytest.raises(Unverified, match="clinic"):
        publisher.sync(make_store())
    other = manifest.embedding.model_copy(update={"model": "another"})
    publisher.publish(1, packs, embedding=other)
    with pytest.raises(Unverified, match="another"):
        publisher.sync(make_store())
    assert make_store().current() is None


@pytest.mark.parametrize("field", ["documents", "passages", "size"])
def test_a_manifest_that_miscounts_is_refused(
    make_store: MakeStore, publisher: Any, packs: list[Pack], field: str
) -> None:
    """What is signed of the list is held against the list before anything is fetched."""
    publisher.publish(1, packs, **{field: 10**6})
    with pytest.raises(Unverified, match="miscounts"):
        publisher.sync(make_store())
    assert publisher.fetched == []


def test_the_list_comes_as_an_update_of_the_one_held(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """The first list is whole; the next is asked for from the root that is held."""
    store = make_store()
    first = publisher.serve(store, 1, packs).manifest.state_root
    second = publisher.serve(store, 2, packs[:2]).manifest.state_root
    publisher.serve(store, 3, packs[:2])
    assert publisher.lists == [(first, ""), (second, first)]


def test_an_update_that_comes_out_wrong_is_fetched_whole(
    make_store: MakeStore, publisher: Any, packs: list[Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong delta costs one more request; a wrong whole list is refused."""
    store = make_store()
    publisher.serve(store, 1, packs)
    right = publisher.pack_list
    wrong = {"": right}

    def mixed(root: str, held: str) -> bytes:
        make = wrong.get(held, lambda _root, _held: make_update([packs[0].ref], ()))
        return bytes(make(root, held))

    monkeypatch.setattr(publisher, "pack_list", mixed)
    assert publisher.serve(store, 2, packs[1:]).version == 2
    wrong[""] = lambda root, held: right(root, held)[:-3]
    publisher.publish(3, packs[:1])
    with pytest.raises(Unverified, match="list"):
        publisher.sync(store)
    assert version_of(store) == 2


def test_a_pack_cut_short_is_gone_on_with(
    make_store: MakeStore, publisher: Any, packs: list[Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before the link broke is not fetched again, and whole packs not at all."""
    publisher.publish(1, packs)
    whole = publisher.pack
    first, broken = sorted((pack.ref for pack in packs), key=lambda ref: ref.document)[:2]

    def cut(ref: PackRef, offset: int) -> Iterator[bytes]:
        for chunk in whole(ref, offset):
            yield chunk
            if ref == broken:
                return

    monkeypatch.setattr(publisher, "pack", cut)
    with pytest.raises(Unavailable, match="cut short"):
        publisher.sync(make_store())
    monkeypatch.setattr(publisher, "pack", whole)
    publisher.fetched.clear()
    assert publisher.sync(make_store()).version == 1
    assert (broken, 100) in publisher.fetched
    assert first not in {ref for ref, _ in publisher.fetched}


def test_a_spoiled_beginning_is_fetched_again(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """A part counts by the hash of the whole: what a crash left in it is not trusted."""
    folder = tmp_path / "store" / "packs"
    folder.mkdir(parents=True)
    refs = [pack.ref for pack in packs]
    (folder / f"{refs[0].sha256}.part").write_bytes(b"spoiled")
    (folder / f"{refs[1].sha256}.part").write_bytes(bytes(refs[1].size + 5))
    (folder / refs[2].sha256).write_bytes(bytes(refs[2].size))
    publisher.serve(make_store(), 1, packs)
    assert sorted(publisher.fetched, key=str) == sorted(
        [(refs[0], 7), (refs[0], 0), (refs[1], 0), (refs[2], 0)], key=str
    )


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"x", lambda data: data * 9])
def test_an_altered_pack_is_refused_and_forgotten(
    make_store: MakeStore,
    publisher: Any,
    packs: list[Pack],
    tmp_path: Path,
    change: Callable[[bytes], bytes],
) -> None:
    """An altered or endless answer leaves the store as it was; the true one installs later."""
    true = dict(publisher.packs)
    publisher.packs = {name: change(data) for name, data in true.items()}
    publisher.publish(1, packs)
    with pytest.raises(Unverified, match="altered"):
        publisher.sync(make_store())
    assert list((tmp_path / "store" / "packs").iterdir()) == []
    publisher.packs = true
    assert publisher.sync(make_store()).version == 1


def test_packs_of_an_edition_no_longer_offered_are_dropped(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """Failed attempts do not fill the disk."""
    store = make_store()
    publisher.publish(1, packs)
    spoiled = publisher.packs.pop(packs[2].ref.sha256)
    with pytest.raises(KeyError):
        publisher.sync(store)
    publisher.packs[packs[2].ref.sha256] = spoiled[:-1] + b"x"
    publisher.publish(2, packs[2:])
    with pytest.raises(Unverified):
        publisher.sync(store)
    assert list((tmp_path / "store" / "packs").iterdir()) == []


def test_a_pack_made_with_another_embedder_is_refused(
    make_store: MakeStore, publisher: Any, packs: list[Pack], documents: dict[str, Document]
) -> None:
    """Vectors of two models in one edition can't be compared, whatever the manifest says."""
    own = publisher.embedder
    publisher.embedder = type(own)("another")
    foreign = publisher.make(documents["asthma.md"], version=2)
    publisher.embedder = own
    publisher.publish(1, [packs[0], foreign])
    with pytest.raises(Unverified, match="embedding"):
        publisher.sync(make_store())


def test_canaries_find_an_embedder_that_is_not_the_same(
    publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """A machine whose vectors point elsewhere keeps its edition, though every hash holds."""

    class Turned(type(publisher.embedder)):  # type: ignore[misc]  # the fixture's class
        def embed(self, texts: Any) -> Any:
            return super().embed(texts)[:, ::-1]

    store = EditionStore(tmp_path / "store", Turned(), publisher.anchor)
    publisher.publish(1, packs)
    with pytest.raises(Unverified, match="other vectors"):
        publisher.sync(store)
    assert store.current() is None


def test_canaries_find_an_index_that_does_not_find(
    make_store: MakeStore, publisher: Any, packs: list[Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words that lead to other passages are found out before the swap, counts or not."""
    real = database.apply

    def shuffled(connection: Any, *rest: Any) -> None:
        real(connection, *rest)
        (most,) = connection.execute("SELECT max(id) FROM passages").fetchone()
        rows = connection.execute("SELECT rowid, title, place, body FROM words").fetchall()
        connection.execute("DELETE FROM words")
        for number, *words in rows:
            turned = (number % most + 1, *words)
            connection.execute(
                "INSERT INTO words (rowid, title, place, body) VALUES (?, ?, ?, ?)", turned
            )

    store = make_store()
    publisher.serve(store, 1, packs[:1])
    monkeypatch.setattr(database, "apply", shuffled)
    publisher.publish(2, packs)
    with pytest.raises(Unverified, match="its own words"):
        publisher.sync(store)
    assert version_of(store) == version_of(make_store()) == 1


def test_keys_rotate_and_a_room_that_was_away_catches_up(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """The chain is followed over several rotations, kept, and never led back."""
    publisher.serve(make_store(), 1, packs)
    old = publisher.signer
    publisher.rotate()
    publisher.rotate()
    publisher.serve(make_store(), 2, packs[:1])
    assert make_store().keys.now().version == 3
    manifest = publisher.publish(3, packs, keys=1)
    publisher.offered = sign_manifest(manifest, old)
    with pytest.raises(Unverified, match="not trusted"):
        publisher.sync(make_store())
    assert version_of(make_store()) == 2


def test_a_chain_with_a_gap_or_a_forged_link_is_refused(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """Nothing is kept of a chain that does not hold; the true one is followed later."""
    publisher.serve(make_store(), 1, packs)
    thief = Signer(Ed25519PrivateKey.generate())
    forged = sign_trust(trust_in(thief.public, clinic=CLINIC, version=2), thief)
    publisher.rotate()
    publisher.rotate()
    publisher.publish(2, packs[:1])
    true = list(publisher.chain)
    for chain in ([], true[1:], true[:1], [forged], [true[0], forged]):
        publisher.keys = lambda after, chain=chain: write_chain(chain)
        with pytest.raises(Unverified):
            publisher.sync(make_store())
        assert version_of(make_store()) == 1
    publisher.keys = lambda after: write_chain(true)
    assert publisher.sync(make_store()).version == 2
    (tmp_path / "store" / "keys.json").write_bytes(b"[")
    assert make_store().keys.now() == publisher.anchor


def test_a_new_enrolment_outlives_the_kept_chain(
    make_store: MakeStore, publisher: Any, packs: list[Pack], embedder: Any, tmp_path: Path
) -> None:
    """A kit of later keys needs no chain; one of other keys starts anew from itself."""
    publisher.rotate()
    publisher.serve(make_store(), 1, packs)
    later = trust_in(publisher.signer.public, clinic=CLINIC, version=2)
    publisher.rotate()
    store = EditionStore(tmp_path / "store", embedder, later)
    assert publisher.serve(store, 2, packs[:1]).version == 2
    assert store.keys.now().version == 3
    other = trust_in(Ed25519PrivateKey.generate().public_key(), clinic=CLINIC)
    assert EditionStore(tmp_path / "store", embedder, other).keys.now() == other
