"""Files named by the SHA-256 of their bytes.

Law: a name is there only once its bytes are all on the disk. A crash leaves at most a
temporary file, which no name refers to.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from hub.errors import NotFound
from voiceassist.contract.canonical import sha256
from voiceassist.errors import StoreFull, Unverified


class Blobs:
    """A folder of immutable files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Keep `data`; returns its SHA-256. Raises `StoreFull`."""
        name = sha256(data)
        target = self._place(name)
        if target.exists():
            return name
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            _write_whole(target, data)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StoreFull("the hub's disk is full; free space under data_dir") from error
            raise
        return name

    def path(self, name: str) -> Path:
        """Where `name` stands; raises `NotFound`."""
        target = self._place(name)
        if not target.is_file():
            raise NotFound(f"no file {name[:12]} here; add its document again")
        return target

    def get(self, name: str) -> bytes:
        """The bytes of `name`; raises `NotFound`, or `Unverified` when they were altered."""
        data = self.path(name).read_bytes()
        if sha256(data) != name:
            raise Unverified(f"file {name[:12]} was altered on disk; add its document again")
        return data

    def remove(self, name: str) -> None:
        """Forget `name`; nothing happens when it is not there."""
        self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self._root / name[:2] / name


def _write_whole(target: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
