from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.edition import PackRef
from voiceassist.contract.trust import trust_in
from voiceassist.errors import Unverified
from voiceassist.knowledge.documents import Document
from voiceassist.knowledge.editions import database
from voiceassist.knowledge.editions.packs import Pack
from voiceassist.knowledge.editions.store import EditionStore, manifest_at
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


def test_readers_do_not_wait_for_an_installation(
    make_store: MakeStore, publisher: Any, packs: list[Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While packs come in slowly the old edition answers at once."""
    store = make_store()
    publisher.serve(store, 1, packs[:1])
    waiting, go_on = threading.Event(), threading.Event()
    whole = publisher.pack

    def stalls(ref: PackRef, offset: int) -> Iterator[bytes]:
        waiting.set()
        assert go_on.wait(10)
        yield from whole(ref, offset)

    monkeypatch.setattr(publisher, "pack", stalls)
    publisher.publish(2, packs)
    thread = threading.Thread(target=publisher.sync, args=(store,))
    thread.start()
    assert waiting.wait(10)
    began = time.monotonic()
    assert version_of(store) == 1
    assert store.refresh() is store.current()
    assert time.monotonic() - began < 1
    go_on.set()
    thread.join()
    assert version_of(store) == 2


def _hold(root: Path, held: Any, release: Any, make: Any) -> None:
    with make(root).exclusively():
        held.set()
        release.wait(10)


def _bare(root: Path) -> EditionStore:
    trust = trust_in(Ed25519PrivateKey.generate().public_key(), clinic=CLINIC)
    return EditionStore(root, None, trust)  # type: ignore[arg-type]  # nothing is embedded


def test_two_processes_never_install_at_once(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """An import by hand and the service wait for each other."""
    context = multiprocessing.get_context("fork")
    held, release = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "store", held, release, _bare))
    other.start()
    assert held.wait(10)
    publisher.publish(1, packs)
    thread = threading.Thread(target=publisher.sync, args=(make_store(),))
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    assert manifest_at(tmp_path / "store") is None
    release.set()
    thread.join(10)
    other.join(10)
    assert version_of(make_store()) == 1


def test_what_another_process_installed_is_noticed(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """A running room takes up an edition that was imported beside it; nothing is fetched."""
    running = make_store()
    publisher.serve(running, 1, packs)
    publisher.serve(make_store(), 2, packs[:1])
    assert version_of(running) == 1
    publisher.fetched.clear()
    update(running, publisher, now_s=NOW_S)
    assert version_of(running) == 2
    assert publisher.fetched == []
    held = manifest_at(tmp_path / "store")
    assert held is not None
    assert held.version == 2


def test_a_file_of_another_release_is_synchronised_again(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """A layout that this release does not read gives way to the same edition, built anew."""
    publisher.serve(make_store(), 3, packs)
    (path,) = (tmp_path / "store").glob("edition-3-*.sqlite")
    connection = database.connect(path, write=True)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    store = make_store()
    assert store.current() is None
    publisher.publish(2, packs)
    with pytest.raises(Unverified, match="not newer"):
        publisher.sync(store)
    assert publisher.serve(store, 3, packs).version == 3
