"""Takes in what appears in a watched folder, once its bytes have stopped changing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeAlias

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
        found = {path: _stamp(path) for path in files_under(self._root)}
        for path, stamp in found.items():
            if self._seen.get(path) == stamp and self._taken.get(path) != stamp:
                self._take(path)
                self._taken[path] = stamp
        self._seen = found

    def _take(self, path: Path) -> None:
        try:
            name = path.relative_to(self._root).as_posix()
            self._documents.add(name, path.read_bytes(), "watched-folder")
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


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
