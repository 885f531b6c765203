from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voiceassist.errors import BadInput, StoreFull, Unverified, VoiceAssistError, WrongUse
from voiceassist.knowledge.documents import Document
from voiceassist.knowledge.editions import carrier
from voiceassist.knowledge.editions.carrier import CarrierSource, write_carrier
from voiceassist.knowledge.editions.packs import Pack
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.editions.update import update

NOW_S = 1_800_000_000


@pytest.fixture
def packs(publisher: Any, documents: dict[str, Document]) -> list[Pack]:
    return [publisher.make(document) for document in documents.values()]


@pytest.fixture
def exported(publisher: Any, packs: list[Pack], tmp_path: Path) -> Path:
    """An edition under rotated keys, in a file."""
    publisher.rotate()
    publisher.publish(1, packs)
    return write(publisher, packs, tmp_path / "edition.zip")


def write(publisher: Any, packs: list[Pack], path: Path) -> Path:
    write_carrier(
        path,
        manifest=publisher.offered.to_json(),
        keys=publisher.keys(0),
        packs=[pack.ref for pack in packs],
        read=lambda ref: publisher.packs[ref.sha256],
    )
    return path


def bring(store: EditionStore, path: Path) -> int:
    with CarrierSource(path) as source:
        update(store, source, now_s=NOW_S)
    library = store.current()
    return library.version if library else 0


def test_a_file_brings_what_the_hub_would(
    make_store: Any, publisher: Any, packs: list[Pack], exported: Path, tmp_path: Path
) -> None:
    """Keys, edition and packs come by file alone; the same file again changes nothing."""
    assert bring(make_store(), exported) == 1
    assert make_store().current().find("epinephrine dose")[0].document == "anaphylaxis"
    assert bring(make_store(), exported) == 1
    assert publisher.fetched == publisher.lists == []
    again = write(publisher, packs, tmp_path / "again.zip")
    assert again.read_bytes() == exported.read_bytes()


def test_a_file_of_an_older_edition_is_refused(
    make_store: Any, publisher: Any, packs: list[Pack], exported: Path
) -> None:
    """A carrier is no way around the rising version."""
    publisher.serve(make_store(), 2, packs[:1])
    with pytest.raises(Unverified, match="not newer"):
        bring(make_store(), exported)
    assert bring_version(make_store()) == 2


def bring_version(store: EditionStore) -> int:
    library = store.current()
    return library.version if library else 0


def test_a_file_cut_anywhere_or_altered_is_refused(
    make_store: Any, exported: Path, tmp_path: Path
) -> None:
    """However much of the file came, the room has the whole edition or none of it."""
    data = exported.read_bytes()
    for end in [*range(0, len(data), max(1, len(data) // 40)), len(data) - 1]:
        (tmp_path / "cut.zip").write_bytes(data[:end])
        with pytest.raises(VoiceAssistError):
            bring(make_store(), tmp_path / "cut.zip")
    spoiled = 0
    for at in range(0, len(data), max(1, len(data) // 60)):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        (tmp_path / "changed.zip").write_bytes(changed)
        try:
            bring(
                EditionStore(tmp_path / f"s{at}", *_parts(make_store())), tmp_path / "changed.zip"
            )
        except VoiceAssistError:
            spoiled += 1
    assert spoiled > 30
    assert make_store().current() is None


def test_no_damage_to_a_file_is_more_than_an_error(packs: list[Pack], exported: Path) -> None:
    """Whatever bytes the directory of the file holds, what comes is an error with a remedy."""
    data = exported.read_bytes()
    directory = data.find(b"PK\x01\x02")
    path = exported.with_name("changed.zip")
    refused = 0
    for seed in range(600):
        draw = random.Random(seed)
        changed = bytearray(data)
        for _ in range(draw.randint(1, 6)):
            changed[draw.randrange(directory, len(data))] = draw.randrange(256)
        path.write_bytes(changed)
        try:
            with CarrierSource(path) as source:
                source.manifest("")
                source.keys(0)
                source.pack_list("", "")
                for pack in packs:
                    assert b"".join(source.pack(pack.ref, 7)) == pack.data[7:]
        except VoiceAssistError:
            refused += 1
    assert refused > 300


def _parts(store: EditionStore) -> tuple[Any, Any]:
    return store._embedder, store.keys._anchor


def rewrite(path: Path, change: Callable[[zipfile.ZipFile, dict[str, bytes]], None]) -> Path:
    """The file at `path` with its entries written anew by `change`."""
    with zipfile.ZipFile(path) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    target = path.with_name("hostile.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        change(new, entries)
    return target


def put_all(archive: zipfile.ZipFile, entries: dict[str, bytes]) -> None:
    for name, data in entries.items():
        archive.writestr(name, data)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "packs/../keys", "packs/", "a.txt", "packs/x/y", "C:\\x"],
)
def test_names_that_no_export_has_are_refused(
    make_store: Any, exported: Path, tmp_path: Path, name: str
) -> None:
    """Traversal and strangers are named and nothing of the file is used."""

    def add(archive: zipfile.ZipFile, entries: dict[str, bytes]) -> None:
        put_all(archive, entries | {name: b"x"})

    before = set(tmp_path.rglob("*"))
    hostile = rewrite(exported, add)
    with pytest.raises(BadInput, match="which no export does"):
        bring(make_store(), hostile)
    assert set(tmp_path.rglob("*")) - before == {hostile}


def test_bombs_and_doubles_are_refused(
    make_store: Any, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compressed, said twice or larger than its kind can be is not read."""

    def bomb(archive: zipfile.ZipFile, entries: dict[str, bytes]) -> None:
        entries.pop("list.zst")
        put_all(archive, entries)
        archive.writestr("list.zst", bytes(1 << 20), zipfile.ZIP_DEFLATED)

    def large(archive: zipfile.ZipFile, entries: dict[str, bytes]) -> None:
        put_all(archive, entries | {"manifest.json": bytes(1 << 20)})

    def lacking(archive: zipfile.ZipFile, entries: dict[str, bytes]) -> None:
        put_all(archive, {name: data for name, data in entries.items() if name != "list.zst"})

    for change, told in ((bomb, "which no export does"), (large, "too large"), (lacking, "lacks")):
        with pytest.raises(BadInput, match=told):
            bring(make_store(), rewrite(exported, change))
    monkeypatch.setattr(zipfile.ZipFile, "_writecheck", lambda *_: None)

    def twice(archive: zipfile.ZipFile, entries: dict[str, bytes]) -> None:
        put_all(archive, entries)
        put_all(archive, {"keys.json": b"[]"})

    with pytest.raises(BadInput, match="twice"):
        bring(make_store(), rewrite(exported, twice))
    assert make_store().current() is None


def test_an_export_is_written_whole_or_not_at_all(
    publisher: Any, packs: list[Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack that can't be read, a full disk or no folder leaves no half file behind."""
    publisher.publish(1, packs)
    with pytest.raises(WrongUse, match="name another"):
        write(publisher, packs, tmp_path / "none" / "edition.zip")

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(carrier.files, "sync_file", full)
        with pytest.raises(StoreFull):
            write(publisher, packs, tmp_path / "edition.zip")
    publisher.packs.pop(packs[2].ref.sha256)
    with pytest.raises(KeyError):
        write(publisher, packs, tmp_path / "edition.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"no zip"])
def test_what_is_no_export_is_told(tmp_path: Path, content: bytes | None) -> None:
    """A wrong file name and a wrong file are different mistakes, each with its remedy."""
    path = tmp_path / "x.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WrongUse if content is None else BadInput):
        CarrierSource(path)
