"""Which editions a folder keeps, and whether their files are still what they were.

A file's name holds the SHA-256 of its bytes, so that no damage is taken for the library:
SQLite's own check finds a broken structure, not an altered text. The pointer names the files
kept, the current one first; where it is damaged, the files' names tell.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from voiceassist import files
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import Manifest
from voiceassist.errors import Unverified
from voiceassist.knowledge.editions import database

_EDITION = re.compile(r"edition-(\d+)-([0-9a-f]{64})\.sqlite")


class Named(BaseModel):
    """An edition's version and the name of its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    file: str


class _Pointer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    editions: tuple[Named, ...] = ()


def name_for(version: int, path: Path) -> Named:
    """The name under which the finished file `path` is kept."""
    return Named(version=version, file=f"edition-{version}-{_digest(path)}.sqlite")


def point(root: Path, kept: tuple[Named, ...]) -> None:
    """Keep `kept` from now on, durably."""
    text = _Pointer(editions=kept).model_dump_json().encode()
    files.write_durable(root / "current.json", text + b"\n" + sha256(text).encode())


def kept_in(root: Path) -> tuple[Named, ...]:
    """The editions kept, the newest first; without a pointer, what the files' names say."""
    pointed = _pointed(root)
    return found_in(root) if pointed is None else pointed


def usable_in(root: Path) -> tuple[Named, ...]:
    """The editions kept, then others whose files are still there: better than none."""
    return tuple(dict.fromkeys((*kept_in(root), *found_in(root))))


def found_in(root: Path) -> tuple[Named, ...]:
    """The editions that the files' names tell of, the newest first."""
    found = (_EDITION.fullmatch(path.name) for path in root.glob("edition-*"))
    named = [Named(version=int(one[1]), file=one[0]) for one in found if one]
    return tuple(sorted(named, key=lambda one: -one.version))


def check_bytes(path: Path) -> None:
    """Raises `Unverified` where a file's bytes are not those that its name tells."""
    name = _EDITION.fullmatch(path.name)
    try:
        whole = name is not None and _digest(path) == name[2]
    except OSError:  # a disk that no longer reads
        whole = False
    if not whole:
        raise Unverified("the library's file is damaged; synchronise it again")


def checked(path: Path) -> Manifest:
    """What a kept file holds, once it is proved whole; raises `Unverified`."""
    check_bytes(path)
    with database.errors_named():
        connection = database.connect(path)
        try:
            return database.check(connection)
        finally:
            connection.close()


def _pointed(root: Path) -> tuple[Named, ...] | None:
    try:
        text, _, digest = (root / "current.json").read_bytes().rpartition(b"\n")
        pointer = _Pointer.model_validate_json(text)
    except (OSError, ValueError):
        return None
    return pointer.editions if sha256(text).encode() == digest else None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
