"""The room's library under faults by seed, and proof that the proof can fail."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bench.faults.simulate import live, scratch_parent
from voiceassist import files
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import open_manifest
from voiceassist.contract.signing import KeyRing
from voiceassist.contract.trust import Trust
from voiceassist.errors import Unverified
from voiceassist.knowledge.editions import update
from voiceassist.knowledge.editions.packs import read_pack
from voiceassist.knowledge.editions.store import EditionStore

LIVES = 300
Patch = pytest.MonkeyPatch


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    parent = scratch_parent()
    if parent is None:
        yield tmp_path_factory.mktemp("faults")
        return
    with tempfile.TemporaryDirectory(prefix="voiceassist-", dir=parent) as folder:
        yield Path(folder)


@pytest.mark.slow
def test_no_fault_leaves_a_room_on_anything_but_a_whole_edition(scratch: Path) -> None:
    """A few hundred lives of a room, each with its own misfortunes, break no promise."""
    failed = [life for life in (live(seed, scratch) for seed in range(LIVES)) if life.failure]
    assert not failed, "\n".join([f"seed {failed[0].seed}: {failed[0].failure}", *failed[0].log])


def test_a_seed_tells_the_whole_life(scratch: Path) -> None:
    """The same seed gives the same steps, faults and refusals."""
    first, again = live(7, scratch), live(7, scratch)
    assert (first.log, first.faults, first.steps) == (again.log, again.faults, again.steps)


def _believe_packs(patch: Patch) -> None:
    def believed(data: bytes, ref: Any) -> Any:
        return read_pack(data, ref.model_copy(update={"sha256": sha256(data), "size": len(data)}))

    patch.setattr(update, "_is_whole", lambda path, ref: update._size(path) == ref.size)
    patch.setattr(update, "read_pack", believed)


def _forget_the_version(patch: Patch) -> None:
    patch.setattr(EditionStore, "newer_than", lambda _store: 0)


def _forget_the_expiry(patch: Patch) -> None:
    patch.setattr(update, "open_manifest", lambda *a, **k: open_manifest(*a, **{**k, "now_s": 0}))


def _forget_the_signature(patch: Patch) -> None:
    patch.setattr(KeyRing, "open", lambda _ring, _kind, envelope: envelope.raw())


def _forget_the_clinic(patch: Patch) -> None:

    def any_clinic(envelope: Any, *, trust: Trust, **rest: Any) -> Any:
        try:
            return open_manifest(envelope, trust=trust, **rest)
        except Unverified:
            other = trust.model_copy(update={"clinic": "clinic-b"})
            return open_manifest(envelope, trust=other, **rest)

    patch.setattr(update, "open_manifest", any_clinic)


def _tidy_before_the_file_is_there(patch: Patch) -> None:
    """What serves is deleted while the next file still has its other name."""
    real = files.replace_durable

    def early(source: Path, target: Path) -> None:
        if source.suffix == ".next":
            for path in target.parent.glob("edition-*.sqlite"):
                path.unlink()
        real(source, target)

    patch.setattr(files, "replace_durable", early)


def _never_sync(patch: Patch) -> None:
    patch.setattr(files, "sync_file", lambda _path: None)


def _never_prove_the_file(patch: Patch) -> None:
    patch.setattr("voiceassist.knowledge.editions.kept.check_bytes", lambda _path: None)


def _build_in_place(patch: Patch) -> None:
    """The serving file itself is changed, where it should be copied."""
    copy = "voiceassist.knowledge.editions.database.copy"
    patch.setattr(copy, lambda old, new: new.hardlink_to(old))


def _do_not_name_a_full_disk(patch: Patch) -> None:
    patch.setattr(files, "full_disk_named", lambda _what: contextlib.nullcontext())


MUTANTS = [
    _believe_packs,
    _forget_the_version,
    _forget_the_expiry,
    _forget_the_signature,
    _forget_the_clinic,
    _tidy_before_the_file_is_there,
    _never_sync,
    _never_prove_the_file,
    _build_in_place,
    _do_not_name_a_full_disk,
]


@pytest.mark.slow
@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__.strip("_"))
def test_a_room_without_one_of_its_checks_is_found_out(
    mutate: Callable[[Patch], None], scratch: Path, monkeypatch: Patch
) -> None:
    """Each check that is taken away breaks a promise within a few hundred lives."""
    mutate(monkeypatch)
    assert any(live(seed, scratch).failure for seed in range(LIVES))
