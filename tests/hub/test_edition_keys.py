from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.fleet import edition_keys
from hub.fleet.edition_keys import EditionKeys
from voiceassist import files
from voiceassist.contract.trust import follow
from voiceassist.errors import Unverified


class Crash(BaseException):
    """The power goes."""


@pytest.fixture
def keys(tmp_path: Path) -> EditionKeys:
    made = EditionKeys(tmp_path)
    assert not made.exist()
    made.make()
    return made


def privates(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("edition*.pem")}


def test_keys_rotate_and_the_old_private_key_goes(keys: EditionKeys, tmp_path: Path) -> None:
    """Each rotation puts one new key in force, which a chain from any earlier trust reaches."""
    anchor = keys.trust("demo")
    assert (keys.now()[0], keys.chain(0)) == (1, ())
    for version in (2, 3):
        assert keys.rotate("demo", 100) == keys.now()[0] == version
        assert privates(tmp_path) == {f"edition-{version}.pem"}
    reached = follow(anchor, keys.chain(1))
    assert reached.editions == keys.trust("demo").editions
    assert reached.version == keys.trust("demo").version == 3
    assert keys.chain(2) == keys.chain(0)[1:]
    assert (tmp_path / "edition-3.pem").stat().st_mode & 0o077 == 0


def test_a_lost_private_key_is_told(keys: EditionKeys, tmp_path: Path) -> None:
    """A key that rooms trust is not silently replaced by one that they do not."""
    keys.rotate("demo", 100)
    (tmp_path / "edition-2.pem").unlink()
    with pytest.raises(Unverified, match="restore it"):
        keys.exist()


STEPS: list[tuple[Any, str]] = [
    (edition_keys, "write_secret"),
    (files, "write_durable"),
    (files, "sync_folder"),
    (os, "fsync"),
    (Path, "unlink"),
    (Path, "replace"),
]


def crash_at(
    monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str], nth: int, *, after: bool
) -> None:
    module, name = step
    real: Callable[..., Any] = getattr(module, name)
    calls = [0]

    def run(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == nth and not after:
            raise Crash
        result = real(*args, **kwargs)
        if calls[0] == nth:
            raise Crash
        return result

    monkeypatch.setattr(module, name, run)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=[name for _, name in STEPS])
def test_a_crash_while_rotating_leaves_one_key_in_force(
    keys: EditionKeys,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[Any, str],
    after: bool,  # noqa: FBT001 - pytest's parameter
) -> None:
    """Wherever rotating dies, the hub signs with a key that the chain reaches, and can go on."""
    anchor = keys.trust("demo")
    for nth in range(1, 10):
        with monkeypatch.context() as patch:
            crash_at(patch, step, nth, after=after)
            with contextlib.suppress(Crash):
                keys.rotate("demo", 100)
        keys = EditionKeys(tmp_path)
        version, signer = keys.now()
        reached = follow(anchor, keys.chain(1))
        assert reached.version == version
        assert reached.ring().open("t", signer.sign("t", b"x")) == b"x"
        keys.forget_old()
        assert keys.now()[1].keyid == signer.keyid
    before = keys.now()[0]
    assert keys.rotate("demo", 200) == before + 1
    assert privates(tmp_path) == {f"edition-{before + 1}.pem"}
