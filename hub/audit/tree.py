"""The log's Merkle tree in the database, and the signed words on it.

Tiles in the form of C2SP tlog-tiles: tile `number` of `level` holds the roots of 256 subtrees of
256**level leaves each, side by side; the last tile of a level is partial. A commit of 500 entries
rewrites three or four rows, and any proof reads one tile a level.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.audit.tables import EntryRow, LogRow, TileRow, WordRow
from voiceassist.contract.merkle import root, root_of
from voiceassist.contract.note import LogHead
from voiceassist.errors import Unverified

_BITS = 8
_WIDE = 1 << _BITS
_HASH = 32
_HOUR_MS = 3_600_000
_MOST = 4096  # tiles in memory, of 8 KiB


class Tree:
    """The tree as one transaction sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read: dict[tuple[int, int], bytes] = {}

    def size(self) -> int:
        """How many leaves it has."""
        return self._session.scalar(select(func.max(EntryRow.position))) or 0

    def node(self, height: int, index: int) -> bytes:
        """The root of the full subtree of 2**height leaves at place `index` of its kind."""
        level, inner = divmod(height, _BITS)
        number, first = divmod(index << inner, _WIDE)
        return root(_hashes(self._tile(level, number), first, first + (1 << inner)))

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        return root_of(self.node, size)

    def extend(self, size: int, leaves: Sequence[bytes]) -> None:
        """Add leaves' hashes behind the first `size`."""
        level, first = 0, size
        while leaves:
            full = []
            for number in range(first // _WIDE, (first + len(leaves) - 1) // _WIDE + 1):
                before = first - number * _WIDE  # how many the tile has; below 0: it is new
                new = leaves[max(0, -before) : _WIDE - before]
                tile = self._tile(level, number) if before > 0 else b""
                tile += b"".join(new)
                self._write(level, number, tile)
                if len(tile) == _WIDE * _HASH:
                    full.append(root(_hashes(tile, 0, _WIDE)))
            level, first, leaves = level + 1, first // _WIDE, full

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._read:
            if len(self._read) > _MOST:
                self._read.clear()
            query = select(TileRow.hashes).where(TileRow.level == level, TileRow.number == number)
            self._read[level, number] = self._session.scalar(query) or b""
        return self._read[level, number]

    def _write(self, level: int, number: int, tile: bytes) -> None:
        self._read[level, number] = tile
        self._session.merge(TileRow(level=level, number=number, hashes=tile))


class Words:
    """Which log this is, and what the hub signed of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def number(self) -> int | None:
        """The number of the log that is written to; None before its first entry."""
        return self._session.scalar(select(func.max(LogRow.number)))

    def begin(self, number: int, after: int) -> None:
        """Begin log `number`, whose first `after` entries are those of the one before."""
        self._session.add(LogRow(number=number, after=after))

    def keep(self, head: LogHead, note: str, public_pem: str, now_ms: int) -> None:
        """Keep a signed word: the newest of each hour stays."""
        self._session.merge(
            WordRow(
                number=head.number,
                hour=now_ms // _HOUR_MS,
                size=head.size,
                note=note,
                public_pem=public_pem,
            )
        )

    def newest(self) -> WordRow | None:
        """The last word that was signed."""
        query = select(WordRow).order_by(WordRow.number.desc(), WordRow.size.desc())
        return self._session.scalars(query.limit(1)).first()


def _hashes(tile: bytes, first: int, end: int) -> list[bytes]:
    found = [tile[at : at + _HASH] for at in range(first * _HASH, end * _HASH, _HASH)]
    if len(found[-1]) != _HASH:
        raise Unverified(
            "the audit log's stored tree was altered or damaged; keep a copy of the database, "
            "run `voiceassist audit verify`, tell IT"
        )
    return found
