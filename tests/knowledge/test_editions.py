from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voiceassist import files
from voiceassist.errors import StoreFull, Unverified
from voiceassist.knowledge.documents import Document
from voiceassist.knowledge.editions import canary, database
from voiceassist.knowledge.editions import store as editions
from voiceassist.knowledge.editions.packs import Pack
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.search.library import Library

NOW_S = 1_800_000_000
MakeStore = Callable[[], EditionStore]


class Crash(BaseException):
    """The power goes: nothing may catch it and go on."""


@pytest.fixture
def packs(publisher: Any, documents: dict[str, Document]) -> list[Pack]:
    return [publisher.make(document) for document in documents.values()]


def served(store: EditionStore) -> Library:
    library = store.current()
    assert library is not None
    return library


def documents_of(store: EditionStore) -> set[tuple[str, int]]:
    return {(pack.document, pack.version) for pack in served(store).packs()}


def test_an_empty_store_has_no_library(make_store: MakeStore) -> None:
    """A new room answers from nothing, and says so."""
    assert make_store().current() is None


def test_an_edition_is_installed_and_survives_a_restart(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """What was installed is served, by this store and by the next process."""
    installed = publisher.serve(make_store(), 1, packs)
    assert installed.version == 1
    assert installed.drug_names == ("epinephrine", "prednisolone", "salbutamol")
    again = make_store().current()
    assert again is not None
    assert again.find("epinephrine dose")[0].document == "anaphylaxis"


def test_only_missing_packs_are_fetched(
    make_store: MakeStore, publisher: Any, packs: list[Pack], documents: dict[str, Document]
) -> None:
    """One changed document costs one pack; a document left out is gone from search."""
    store = make_store()
    publisher.serve(store, 1, packs)
    publisher.fetched.clear()
    changed = publisher.make(documents["asthma.md"], version=2)
    library = publisher.serve(store, 2, [packs[0], changed])
    assert publisher.fetched == [(changed.ref, 0)]
    assert documents_of(make_store()) == {("anaphylaxis", 1), ("asthma", 2)}
    assert all(p.document != "handwashing" for p in library.find("alcohol gel spores soap"))


def test_who_reads_the_old_edition_may_finish(
    make_store: MakeStore, publisher: Any, packs: list[Pack]
) -> None:
    """A library handed out before a swap still answers from its own edition."""
    store = make_store()
    old = publisher.serve(store, 1, packs)
    publisher.serve(store, 2, packs[:1])
    publisher.serve(store, 3, packs[:1])
    assert old.find("salbutamol puffs")[0].document == "asthma"
    old.close()
    old.close()


def test_at_most_two_editions_are_kept(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """The current edition and the last one, and the current one's packs; older files go."""
    store = make_store()
    for version in (1, 2, 3):
        publisher.serve(store, version, packs if version < 3 else packs[1:])
    names = sorted(path.name for path in (tmp_path / "store").glob("edition-*"))
    assert [name.split("-")[1] for name in names] == ["2", "3"]
    kept = {path.name for path in (tmp_path / "store" / "packs").iterdir()}
    assert kept == {pack.ref.sha256 for pack in packs[1:]}


@pytest.mark.parametrize("damage", ["cut", "gone", "zeros", "letter"])
def test_a_damaged_edition_gives_way_to_the_last_and_can_be_mended(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path, damage: str
) -> None:
    """A file that a disk spoiled is not served; the same edition installs again over it."""
    store = make_store()
    publisher.serve(store, 1, packs)
    publisher.serve(store, 2, packs[:2])
    (path,) = (tmp_path / "store").glob("edition-2-*.sqlite")
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:9000])
        case "letter":  # SQLite's own check does not find it
            path.write_bytes(path.read_bytes().replace(b"40 mg", b"90 mg"))
        case "zeros":
            data = bytearray(path.read_bytes())
            data[8192:40960] = bytes(32768)
            path.write_bytes(data)
        case _:
            path.unlink()
    store = make_store()
    assert served(store).version == 1
    publisher.serve(store, 2, packs[:2])
    assert served(make_store()).version == 2


def test_a_lost_pointer_still_finds_the_newest_edition(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """Without `current.json` the files themselves tell; a replay is still a replay."""
    store = make_store()
    publisher.serve(store, 1, packs)
    publisher.serve(store, 2, packs)
    (tmp_path / "store" / "current.json").write_bytes(b"{")
    assert served(make_store()).version == 2
    with pytest.raises(Unverified, match="not newer"):
        publisher.serve(make_store(), 1, packs)


def test_a_damaged_pointer_is_not_believed(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """A pointer that names another file or version, still well-formed, leads nowhere else."""
    publisher.serve(make_store(), 1, packs)
    publisher.serve(make_store(), 2, packs)
    pointer = tmp_path / "store" / "current.json"
    pointer.write_bytes(pointer.read_bytes().replace(b"edition-2", b"edition-8"))
    assert served(make_store()).version == 2


def test_damage_is_not_carried_into_the_next_edition(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """A file that a disk spoiled while it serves is nothing to build on; the last one is."""
    publisher.serve(make_store(), 1, packs[:1])
    store = make_store()
    publisher.serve(store, 2, packs)
    (path,) = (tmp_path / "store").glob("edition-2-*.sqlite")
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"40 mg", b"90 mg"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(Unverified, match="damaged"):
        publisher.serve(store, 3, packs)
    assert served(store).version == 1
    assert "40 mg" in str(publisher.serve(store, 3, packs).document_text("asthma"))


STEPS = [
    (files, "write_durable"),
    (files, "replace_durable"),
    (files, "sync_file"),
    (files, "sync_folder"),
    (database, "copy"),
    (database, "apply"),
    (database, "check"),
    (editions, "_remove"),
    (os, "fsync"),
    (Path, "replace"),
    (Path, "unlink"),
    (canary, "sing"),
]


def crash_at(
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    nth: int,
    *,
    after: bool,
    error: BaseException,
) -> list[int]:
    """The `nth` call of `module.name` fails, before or after it did its work."""
    real = getattr(module, name)
    calls = [0]

    def step(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == nth and not after:
            raise error
        result = real(*args, **kwargs)
        if calls[0] == nth:
            raise error
        return result

    monkeypatch.setattr(module, name, step)
    return calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_crash_at_any_step_leaves_a_whole_edition(
    make_store: MakeStore,
    publisher: Any,
    packs: list[Pack],
    documents: dict[str, Document],
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    after: bool,  # noqa: FBT001 - pytest's parameter
) -> None:
    """Wherever installing dies, a new process serves one whole edition and can go on."""
    publisher.serve(make_store(), 1, packs)
    changed = [packs[0], publisher.make(documents["asthma.md"], version=2)]
    publisher.rotate()
    publisher.publish(2, changed)
    whole = {1: {(p.ref.document, 1) for p in packs}, 2: {("anaphylaxis", 1), ("asthma", 2)}}
    for nth in range(1, 40):
        store = make_store()
        if served(store).version == 2:
            break
        with monkeypatch.context() as patch:
            calls = crash_at(patch, module, name, nth, after=after, error=Crash())
            with contextlib.suppress(Crash):
                publisher.sync(store)
            assert calls[0] > 0
        survivor = make_store()
        assert documents_of(survivor) == whole[served(survivor).version]
        assert served(survivor).find("prednisolone")[0].document == "asthma"
    assert served(make_store()).version == 2


@pytest.mark.parametrize("nth", [2, 3, 4, 5, 7])
def test_a_full_disk_is_named_and_harms_nothing(
    make_store: MakeStore,
    publisher: Any,
    packs: list[Pack],
    documents: dict[str, Document],
    monkeypatch: pytest.MonkeyPatch,
    nth: int,
) -> None:
    """ENOSPC anywhere becomes `StoreFull`; the last edition serves on."""
    publisher.serve(make_store(), 1, packs)
    publisher.rotate()
    publisher.publish(2, [publisher.make(documents["asthma.md"], version=2)])
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patch:
        crash_at(patch, os, "fsync", nth, after=False, error=full)
        with pytest.raises(StoreFull, match="free some space"):
            publisher.sync(make_store())
    assert served(make_store()).version in {1, 2}


def test_a_database_that_finds_the_disk_full_says_so(
    make_store: MakeStore, publisher: Any, packs: list[Pack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own word for a full disk is `StoreFull` too."""
    error = database.DatabaseError("database or disk is full")
    crash_at(monkeypatch, database, "apply", 1, after=False, error=error)
    with pytest.raises(StoreFull, match="free some space"):
        publisher.serve(make_store(), 1, packs)


def test_leftovers_of_a_crash_are_cleared(
    make_store: MakeStore, publisher: Any, packs: list[Pack], tmp_path: Path
) -> None:
    """Unfinished files do not pile up."""
    folder: Path = tmp_path / "store"
    (folder / "packs").mkdir(parents=True)
    (folder / "edition-9-abc.sqlite.next").write_bytes(b"half")
    (folder / "packs" / "abc.part").write_bytes(b"half")
    publisher.serve(make_store(), 1, packs)
    assert len(list(folder.glob("edition-*"))) == 1
    assert not (folder / "packs" / "abc.part").exists()
