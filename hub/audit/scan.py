"""Reads the log's rows in their order, and finds the first thing in each journal that is wrong.

An entry is compared with what its row and the one before it say that its bytes must be, without
reading them as JSON: that takes a fifth of the time. What does not fit so is read and checked in
full, and only that can fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from hub.audit.tables import searchable
from voiceassist.contract.ledger import GENESIS, Head, Sealed, follow
from voiceassist.contract.merkle import Growing, joined, root
from voiceassist.errors import Unverified

WIDE = 256
_MONO, _ROUTE = b'"mono_ms":', b'"route":'
_IN_DETAIL = 2  # so many braces are open there


class Row(NamedTuple):
    """An entry as the database has it; in the order of the columns that are read."""

    position: int
    box: str
    epoch: str
    seq: int
    hash: str
    wall_ms: int
    actor: str
    action: str
    outcome: str
    subject: str
    route: str
    data: bytes


@dataclass(slots=True)
class Journal:
    """A journal as far as it was read; `problem` is the first thing that does not hold."""

    box: str
    epoch: str
    seq: int
    hash: str
    boot: str = ""
    mono_ms: int = 0
    synced: str = ""
    entries: int = 0
    problem: str = ""
    named: bytes = b""
    begins: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.named = f',"epoch":{_quoted(self.epoch)},'.encode()

    def head(self) -> Head:
        """Where it stands."""
        return Head(self.box, self.epoch, self.seq, self.hash, self.boot, self.mono_ms)


class Leaves:
    """The tree over leaves that come in order, tile by tile, and its root wherever it is asked."""

    def __init__(self) -> None:
        self.tiles: list[bytes] = []  # the hashes of each full tile of the lowest level
        self.partial: list[bytes] = []
        self.roots: list[bytes] = []
        self._full = Growing()

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self.tiles) * WIDE + len(self.partial)

    def add(self, leaf: bytes) -> None:
        """Append a leaf's hash."""
        self.partial.append(leaf)
        if len(self.partial) == WIDE:
            self.tiles.append(b"".join(self.partial))
            self.roots.append(_tile_root(self.partial))
            self._full.add(self.roots[-1])
            self.partial = []

    def root(self) -> bytes:
        """The root over all of them."""
        tail = Growing()
        for leaf in self.partial:
            tail.add(leaf)
        return joined([*self._full.parts(), *tail.parts()])

    def levels(self) -> Iterator[list[bytes]]:
        """The hashes of each level of tiles, the lowest first, in tiles of up to 256."""
        level = [*self.tiles, b"".join(self.partial)] if self.partial else list(self.tiles)
        hashes = self.roots
        while level:
            yield level
            cut = [hashes[at : at + WIDE] for at in range(0, len(hashes), WIDE)]
            level = [b"".join(one) for one in cut]
            hashes = [root(one) for one in cut if len(one) == WIDE]


def scan(
    rows: Iterable[tuple[Any, ...]],
    journals: dict[tuple[str, str], Journal],
    leaves: Leaves,
    reached: Callable[[], int],
) -> str:
    """Read the columns of `Row`s; what is wrong with the log's numbering, empty for nothing.

    `reached` is called at once, and whenever the tree has the size that it named last.
    """
    wanted, size, add = reached(), leaves.size, leaves.add
    for row in rows:
        size += 1
        if row[0] != size:
            return f"entry {size} of the log is missing"
        digest = sha256(b"\0" + row[-1])
        add(digest.digest())
        name = row[1], row[2]
        journal = journals.get(name)
        if journal is None:
            journal = journals[name] = Journal(*name, 0, GENESIS)
        journal.entries += 1
        if not _fits(journal, row, digest.hexdigest()) and not journal.problem:
            _read(journal, Row._make(row))
        if size == wanted:
            wanted = reached()
    return ""


def _fits(journal: Journal, row: tuple[Any, ...], hashed: str) -> bool:
    """Whether the row is plainly the next entry of its journal, which it then is."""
    _, _, _, seq, given, wall_ms, actor, action, outcome, subject, route, data = row
    begin = journal.begins.get((action, actor))
    if begin is None or given != hashed or seq != journal.seq + 1 or not data.startswith(begin):
        return False
    named = f'"{subject}"' if subject.isalnum() else _quoted(subject)
    tail = (
        f'"outcome":{_quoted(outcome)},"previous":"{journal.hash}","seq":{seq},"subject":{named}'
        f',"synced":{journal.synced},"v":1,"wall_ms":{wall_ms}}}'
    ).encode()
    at = data.rfind(_MONO, 0, -len(tail))
    if at < 0 or not (data.endswith(tail) and data.endswith(journal.named, 0, at)):
        return False
    mono_ms = int(data[at + len(_MONO) : -len(tail) - 1])
    if mono_ms < journal.mono_ms or not _route_fits(data, route, at):
        return False
    journal.seq, journal.hash, journal.mono_ms = seq, hashed, mono_ms
    return True


def _route_fits(data: bytes, route: str, end: int) -> bool:
    at = data.find(_ROUTE, 0, end)
    if at < 0:
        return not route
    depth = data.count(b"{", 0, at) - data.count(b"}", 0, at)
    return depth == _IN_DETAIL and data.startswith(_quoted(route).encode(), at + len(_ROUTE))


def _read(journal: Journal, row: Row) -> None:
    """Check the row in full."""
    try:
        sealed = Sealed.from_bytes(row.data)
        head, entry = follow(journal.head(), sealed)
    except Unverified as error:
        journal.problem = str(error)
        return
    for name, value in searchable(sealed, entry).items():
        if getattr(row, name) != value:
            journal.problem = f"column {name} of audit entry {entry.seq} is not what was sealed"
            return
    if journal.boot != head.boot:
        journal.begins.clear()
    journal.seq, journal.hash = head.seq, head.hash
    journal.boot, journal.mono_ms = head.boot, head.mono_ms
    journal.synced = "true" if entry.synced else "false"
    begin = (
        f'{{"action":{_quoted(row.action)},"actor":{_quoted(row.actor)},'
        f'"boot":{_quoted(head.boot)},"box":{_quoted(row.box)},"detail":{{'
    )
    journal.begins[row.action, row.actor] = begin.encode()


@lru_cache(4096)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _tile_root(hashes: Sequence[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs)]  # noqa: B905
    return hashes[0]
