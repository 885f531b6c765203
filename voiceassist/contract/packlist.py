"""The list of an edition's packs, and what changed in it.

The state root that a manifest signs is the SHA-256 of the list's canonical bytes, so a list
proves itself and travels apart from the manifest: whole, or as an update of the list that the
room has. An update is zstd of canonical JSON, `[root it starts from, [documents left out],
[rows put in]]`; a whole list is an update of the empty list, whose root is written "".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import zstandard

from voiceassist.contract.canonical import Json, canonical, parse, sha256
from voiceassist.contract.edition import PackRef
from voiceassist.errors import Unverified

MAX_LIST = 64 << 20  # bytes of a list, some 400,000 documents
_LEVEL = 10
_FIELDS = ("document", "version", "sha256", "size", "passages")
_ALTERED = "the library's list of packs is altered or cut short; fetch it again"


def list_bytes(packs: Iterable[PackRef]) -> bytes:
    """The list's canonical bytes: one row a pack, ordered by document."""
    ordered = sorted(packs, key=lambda pack: pack.document)
    return canonical([_row(pack) for pack in ordered])


def read_list(data: bytes) -> tuple[PackRef, ...]:
    """The packs of a list's canonical bytes; raises `Unverified` for what is none."""
    try:
        packs = _packs(parse(data))
    except ValueError as error:
        raise Unverified(_ALTERED) from error
    if list_bytes(packs) != data or len({p.document for p in packs}) != len(packs):
        raise Unverified(_ALTERED)
    return packs


def state_root(packs: Iterable[PackRef]) -> str:
    """SHA-256 of the list."""
    return sha256(list_bytes(packs))


def make_update(packs: Iterable[PackRef], held: Iterable[PackRef] | None = None) -> bytes:
    """What turns the list `held` into the list of `packs`; without `held` the whole list."""
    wanted = {pack.document: pack for pack in packs}
    before = {pack.document: pack for pack in held or ()}
    gone: list[Json] = [document for document in sorted(before) if document not in wanted]
    put: list[Json] = [
        _row(pack) for name, pack in sorted(wanted.items()) if before.get(name) != pack
    ]
    root = "" if held is None else state_root(before.values())
    data = canonical([root, gone, put])
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(data)


def apply_update(data: bytes, held: Iterable[PackRef], *, root: str) -> tuple[PackRef, ...]:
    """The list whose root is `root`, by an update of `held`; raises `Unverified` otherwise."""
    before = tuple(held)
    try:
        start, gone, put = _parts(parse(_unpack(data)))
        listed = {pack.document: pack for pack in before} if start else {}
        for document in gone:
            del listed[document]
    except (ValueError, KeyError, zstandard.ZstdError) as error:
        raise Unverified(_ALTERED) from error
    listed.update((pack.document, pack) for pack in put)
    if start not in {"", state_root(before)} or state_root(listed.values()) != root:
        raise Unverified(_ALTERED)
    return tuple(sorted(listed.values(), key=lambda pack: pack.document))


def _unpack(data: bytes) -> bytes:
    size = zstandard.get_frame_parameters(data).content_size
    if not 0 < size <= MAX_LIST:
        raise ValueError("an update must state its size, within the limit")
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)


def _parts(value: Json) -> tuple[str, list[str], tuple[PackRef, ...]]:
    match value:
        case [str(start), list(gone), list() as put] if all(isinstance(g, str) for g in gone):
            return start, cast("list[str]", gone), _packs(put)
    raise ValueError("no update")


def _packs(value: Json) -> tuple[PackRef, ...]:
    if not isinstance(value, list):
        raise ValueError("no list")  # noqa: TRY004 - one error type for every bad value
    packs = []
    for row in value:
        if not isinstance(row, list):
            raise ValueError("no row")  # noqa: TRY004 - one error type for every bad value
        packs.append(PackRef.model_validate(dict(zip(_FIELDS, row, strict=True)), strict=True))
    return tuple(packs)


def _row(pack: PackRef) -> list[Json]:
    return [pack.document, pack.version, pack.sha256, pack.size, pack.passages]
