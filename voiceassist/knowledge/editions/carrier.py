"""An edition in one file, for rooms that no network reaches.

A zip whose entries are stored, not compressed: `manifest.json`, `keys.json` (the whole chain of
statements), `list.zst` (the whole list) and `packs/` by hash. Nothing is unpacked to a path
that the file names: entries are read by the names that are expected, no further than their
stated size, and verified as though they came from the hub.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from voiceassist import files
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import MAX_PACK, PackRef
from voiceassist.contract.packlist import MAX_LIST, make_update
from voiceassist.contract.trust import MAX_CHAIN
from voiceassist.errors import BadInput, Unverified, WrongUse
from voiceassist.knowledge.editions.source import CHUNK, MAX_MANIFEST, Offer

_MANIFEST, _KEYS, _LIST = "manifest.json", "keys.json", "list.zst"
# what zipfile raises at entries that contradict each other
_DAMAGED = (zipfile.BadZipFile, EOFError, OSError, OverflowError, RuntimeError, ValueError)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's first date: the same edition makes the same file


def write_carrier(
    out: Path,
    *,
    manifest: bytes,
    keys: bytes,
    packs: Iterable[PackRef],
    read: Callable[[PackRef], bytes],
) -> None:
    """Write an edition to `out`, whole or not at all; `read` gives a pack's bytes."""
    refs = tuple(packs)
    part = out.with_name(out.name + ".part")
    try:
        with files.full_disk_named("the exported edition"):
            with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
                _put(archive, _MANIFEST, manifest)
                _put(archive, _KEYS, keys)
                _put(archive, _LIST, make_update(refs))
                for ref in refs:
                    _put(archive, _pack(ref), read(ref))
            files.sync_file(part)
            files.replace_durable(part, out)
    except OSError as error:
        raise WrongUse(f"{out} can't be written ({error.strerror}); name another --out") from error
    finally:
        part.unlink(missing_ok=True)


class CarrierSource:
    """An exported file as a source. Use it as a context manager.

    Raises `WrongUse` where the file can't be opened and `BadInput` where it is no export.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise WrongUse(f"{path} can't be opened ({error.strerror}); name the file") from error
        try:
            self._archive = zipfile.ZipFile(self._file)
            self._entries = self._checked()
        except _DAMAGED as error:
            self._file.close()
            raise BadInput(f"{path} is no exported edition, or cut short; copy it again") from error
        except BadInput:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """The source itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the file."""
        self._file.close()

    def manifest(self, etag: str) -> Offer | None:
        """The file's edition."""
        data = self._whole(_MANIFEST, MAX_MANIFEST)
        tag = sha256(data)
        return None if tag == etag else Offer(data, tag)

    def keys(self, after: int) -> bytes:  # noqa: ARG002 - the port's; who follows passes over those
        """The whole chain."""
        return self._whole(_KEYS, MAX_CHAIN)

    def pack_list(self, root: str, held: str) -> bytes:  # noqa: ARG002 - the port's
        """The whole list."""
        return self._whole(_LIST, MAX_LIST)

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes from `offset`."""
        with self._damage_named(), self._archive.open(self._entry(_pack(ref), MAX_PACK)) as file:
            file.seek(offset)
            while chunk := file.read(CHUNK):
                yield chunk

    def patch(self, ref: PackRef, base: str) -> bytes:
        """None: the file holds the packs themselves."""
        del ref, base
        return b""

    def _whole(self, name: str, most: int) -> bytes:
        with self._damage_named():
            return self._archive.read(self._entry(name, most))

    def _entry(self, name: str, most: int) -> zipfile.ZipInfo:
        entry = self._entries.get(name)
        if entry is None:
            raise BadInput(f"{self._path} lacks {name}; export the edition again")
        if entry.file_size > most:
            raise BadInput(f"{self._path}: {name} is too large to be one; export it again")
        return entry

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        """The entries by name; raises `BadInput` for what no export has."""
        entries = self._archive.infolist()
        named = {entry.filename: entry for entry in entries}
        odd = [entry.filename for entry in entries if not _expected(entry)]
        if odd or len(named) != len(entries):
            what = f"holds {odd[0]!r}" if odd else "holds a name twice"
            raise BadInput(f"{self._path} {what}, which no export does: refused")
        return named

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGED as error:
            raise Unverified(f"{self._path} is damaged; copy or export it again") from error


def _expected(entry: zipfile.ZipInfo) -> bool:
    plain = entry.compress_type == zipfile.ZIP_STORED and entry.compress_size == entry.file_size
    folder, _, name = entry.filename.rpartition("/")
    known = folder == "packs" and name.isalnum() if folder else name in {_MANIFEST, _KEYS, _LIST}
    return plain and not entry.flag_bits & 1 and known


def _pack(ref: PackRef) -> str:
    return f"packs/{ref.sha256}"


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
