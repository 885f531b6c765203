"""Takes in what appears in a watched folder, once its bytes have stopped changing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeAlias

from hub.documents.describing import SIDECARS
from hub.documents.service import DocumentService
from voiceassist.errors import BadInput

log = logging.getLogger(__name__)

_Stamp: TypeAlias = tuple[int, int]  # size, mtime in ns


class FolderWatch:
    """Looks at a folder each time it is asked to."""

    def __init__(self, root: Path, documents: DocumentService) -> None:
        self._root = root
        self._documents = documents
        self._seen: dict[Path, _Stamp] = {}
        self._taken: dict[Path, _Stamp] = {}

    def look(self) -> None:
        """Take in each file that is as it was at the last look, and new since it was taken."""
        files = [path for path in files_under(self._root) if path.suffix.lower() not in SIDECARS]
        found = {path: _stamp(path) for path in files}
        for path, stamp in found.items():
            if self._seen.get(path) == stamp and self._taken.get(path) != stamp:
                self._take(path)
                self._taken[path] = stamp
        self._seen = found

    def _take(self, path: Path) -> None:
        try:
            name = path.relative_to(self._root).as_posix()
            data, sidecar = path.read_bytes(), sidecar_of(path)
            self._documents.add(name, data, "watched-folder", sidecar)
        except BadInput as error:
            log.warning("watched folder: %s", error)
        except OSError as error:
            log.warning("watched folder: a file can't be read (%s)", error.strerror)


def files_under(root: Path) -> list[Path]:
    """The files in a folder and below, without hidden ones, in order."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(root).parts)
    )


def sidecar_of(path: Path) -> bytes | None:
    """What stands in `guide.pdf.yaml` beside `guide.pdf`; None without one."""
    beside = _sidecar(path)
    return beside.read_bytes() if beside else None


def _sidecar(path: Path) -> Path | None:
    names = (path.with_name(path.name + suffix) for suffix in SIDECARS)
    return next((name for name in names if name.is_file()), None)


def _stamp(path: Path) -> _Stamp:
    """Of the file and of what stands beside it."""
    stats = [one.stat() for one in (path, _sidecar(path)) if one is not None]
    return sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats)
