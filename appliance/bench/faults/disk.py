"""A disk that dies: at any durable step the process is killed, the power goes, or it is full.

Steps are every fsync, rename, removal and write below `root`, and the larger steps of an
installation, before and after each. A kill loses nothing that was written; a loss of power
loses what was not synced, file by file: names not made durable by their folder's fsync go back
to what they were, bytes not made durable by their file's are cut off or zeros.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeAlias

from voiceassist.knowledge.editions import canary, database

_Stamp: TypeAlias = tuple[int, int]  # a file's size and time
_FOLDERS = (".", "packs")
_BLOCK = 512  # bytes
_COIN, _UNSYNCED_LOST = 0.5, 0.7  # chances
_COARSE = ((database, "copy"), (database, "apply"), (database, "check"), (canary, "sing"))


class Killed(BaseException):
    """The process ends here: nothing may catch it and go on."""


class FaultyDisk:
    """The folder `root`. `arm` says what happens at which step; `aftermath` what is left."""

    def __init__(self, root: Path, draw: random.Random) -> None:
        self.root = root
        self._draw = draw
        self._durable = root.with_name(root.name + ".durable")
        self._synced: dict[int, _Stamp] = {}
        self._armed = ""
        self._left = 0
        self.faults: Counter[str] = Counter()
        for folder in _FOLDERS:
            (self._durable / folder).mkdir(parents=True, exist_ok=True)

    def arm(self, fault: str, step: int) -> None:
        """Let `fault` ("kill", "power", "full", "sqlite full" or "") happen at `step`."""
        self._armed, self._left = fault, step

    def step(self, *, takes_space: bool = False) -> None:
        """One more step of the process; a disk that is full stays so."""
        self._left -= 1
        if self._left > 0:
            return
        if self._armed in {"kill", "power"}:
            self.faults[self._armed] += 1
            raise Killed
        if self._armed == "full" and takes_space:
            self.faults["full"] += 1
            raise OSError(errno.ENOSPC, "No space left on device")

    def limit(self, connection: Any) -> None:
        """Let a database that is written run full where that is armed."""
        if self._armed == "sqlite full":
            self.faults[self._armed] += 1
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + self._left}")

    def synced(self, handle: int) -> None:
        """`handle` was fsynced: a file's bytes, or the names in a folder, are durable."""
        found = os.fstat(handle)
        if not stat.S_ISDIR(found.st_mode):
            self._synced[found.st_ino] = (found.st_size, found.st_mtime_ns)
            return
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path == self.root or self.root in path.parents:
            self._remember(path)

    def aftermath(self) -> None:
        """What a killed process finds when it starts again."""
        powerless, self._armed = self._armed == "power", ""
        for folder in _FOLDERS if powerless else ():
            if (self.root / folder).is_dir():
                self._lose(self.root / folder)

    def settle(self) -> None:
        """All that is there is durable now."""
        for folder in _FOLDERS:
            if (self.root / folder).is_dir():
                self._remember(self.root / folder)
                for path in _files(self.root / folder):
                    self._synced[path.stat().st_ino] = _stamp(path)

    def _remember(self, folder: Path) -> None:
        shadow = self._durable / folder.relative_to(self.root)
        for path in _files(shadow):
            os.remove(path)  # noqa: PTH107 - not a step
        for path in _files(folder):
            os.link(path, shadow / path.name)

    def _lose(self, folder: Path) -> None:
        shadow = self._durable / folder.relative_to(self.root)
        for name in sorted({path.name for path in (*_files(folder), *_files(shadow))}):
            now, before = folder / name, shadow / name
            same = now.exists() and before.exists() and now.samefile(before)
            if not same and self._draw.random() < _COIN:
                now.unlink(missing_ok=True)
                if before.exists():
                    os.link(before, now)
        for path in _files(folder):
            unsynced = self._synced.get(path.stat().st_ino) != _stamp(path)
            if unsynced and self._draw.random() < _UNSYNCED_LOST:
                self._spoil_end(path)

    def _spoil_end(self, path: Path) -> None:
        data = path.read_bytes()
        kept = self._draw.randrange(len(data) + 1)
        tail = bytes(len(data) - kept) if self._draw.random() < _COIN else b""
        path.write_bytes(data[:kept] + tail)

    def damage(self, path: Path) -> str:
        """Spoil a file that lies there, as a worn card does; tells how."""
        data = path.read_bytes()
        kind = self._draw.choice(("flipped", "cut", "zeros", "gone", "block"))
        self.faults[f"damage: {kind}"] += 1
        place = self._draw.randrange(max(1, len(data)))
        match kind:
            case "flipped":
                flipped = bytes([data[place] ^ 1 << self._draw.randrange(8)])
                data = data[:place] + flipped + data[place + 1 :]
            case "cut":
                data = data[:place]
            case "zeros":
                data = bytes(len(data))
            case "block":
                noise = self._draw.randbytes(min(_BLOCK, len(data) - place))
                data = data[:place] + noise + data[place + len(noise) :]
        path.unlink()
        if kind != "gone":
            path.write_bytes(data)
        return kind


class _Written:
    """A file open for writing, whose writes are steps."""

    def __init__(self, file: Any, disk: FaultyDisk) -> None:
        self._file = file
        self._disk = disk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> None:
        try:
            self._disk.step(takes_space=True)
        except BaseException:
            self._file.write(data[: len(data) // 2])
            raise
        self._file.write(data)


@contextlib.contextmanager
def watched(disk: FaultyDisk) -> Iterator[None]:
    """Inside, what this process does to its disk are `disk`'s steps."""
    fsync, connect, opened = os.fsync, database.connect, Path.open

    def syncing(handle: int) -> None:
        disk.step(takes_space=stat.S_ISREG(os.fstat(handle).st_mode))
        fsync(handle)
        disk.synced(handle)
        disk.step()

    def connecting(path: Path, *, write: bool = False) -> Any:
        connection = connect(path, write=write)
        if write:
            disk.limit(connection)
        return connection

    def opening(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        file: Any = opened(path, mode, *rest, **more)
        return _Written(file, disk) if mode in {"wb", "ab"} else file

    with contextlib.ExitStack() as changes:
        changes.enter_context(_replaced(os, "fsync", syncing))
        changes.enter_context(_replaced(database, "connect", connecting))
        changes.enter_context(_replaced(Path, "open", opening))
        for module, name in ((os, "replace"), (os, "unlink"), *_COARSE):
            changes.enter_context(_replaced(module, name, _stepping(getattr(module, name), disk)))
        yield


def _stepping(real: Callable[..., Any], disk: FaultyDisk) -> Callable[..., Any]:
    def stepping(*args: Any, **kwargs: Any) -> Any:
        disk.step()
        result = real(*args, **kwargs)
        disk.step()
        return result

    return stepping


@contextlib.contextmanager
def _replaced(owner: Any, name: str, other: Any) -> Iterator[None]:
    real = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, real)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
