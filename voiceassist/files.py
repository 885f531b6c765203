"""Durable steps on a file system: each returns when what it did survives a power cut."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voiceassist.errors import StoreFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def full_disk_named(what: str) -> Iterator[None]:
    """Inside, a full disk is raised as `StoreFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull(f"no room on the disk for {what}; free some space") from error
        raise


def write_durable(path: Path, data: bytes) -> None:
    """Write `path` whole or not at all; a crash leaves at most `path` with `.part` added."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    replace_durable(part, path)


def replace_durable(source: Path, target: Path) -> None:
    """Rename over `target`, atomically, and make the rename survive."""
    source.replace(target)
    sync_folder(target.parent)


def sync_file(path: Path) -> None:
    """Make what was written to `path` survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    sync_file(folder)
