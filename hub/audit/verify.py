"""Checks the log as it stands in the database against what the boxes and the hub signed.

Law: nothing is believed for being in the database. Every entry is hashed again from its bytes and
compared with its searched columns; each journal's chain ends in what its box signed, and the tree
over all entries is the one of every word that the hub signed and that a room was told. What the
hub alone can't show is told in docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.audit.reader import LogReader
from hub.audit.scan import WIDE, Journal, Leaves, Row, scan
from hub.audit.schemas import HUB, PRUNED, AuditReport, ChainReport
from hub.audit.tables import HeadRow
from voiceassist.contract.ledger import Head, Sealed, open_checkpoint
from voiceassist.contract.note import LogHead, open_note
from voiceassist.contract.signing import Envelope, KeyRing, key_id, load_pem
from voiceassist.errors import Unverified

_BOX, _ACTION, _DATA = map(Row._fields.index, ("box", "action", "data"))


def verify_log(log: LogReader, witnesses: Sequence[str] = ()) -> AuditReport:
    """Read everything; one report for each journal.

    `witnesses` are signed notes on the log that others were given, the rooms above all.
    """
    pruning = _Pruning(log)
    words = _Words(log, witnesses)
    leaves = Leaves()
    reached = partial(words.at, leaves)
    problem = pruning.take(leaves, reached)
    try:
        problem = problem or scan(pruning.seen(log.rows()), pruning.journals, leaves, reached)
    except Unverified as error:
        problem = str(error)
    problem = problem or words.end(leaves) or pruning.problem()
    heads = {(row.box, row.epoch): row for row in log.heads()}
    chains = tuple(_chain(one, heads.get(key)) for key, one in pruning.journals.items())
    problem = problem or next((f"{one.box}: {one.problem}" for one in chains if one.problem), "")
    lost = [box for box, epoch in heads if (box, epoch) not in pruning.journals]
    if lost:
        problem = problem or f"{lost[0]}: all entries of a journal are missing"
    if not problem and not _tiles_hold(log, leaves):
        problem = "the stored tree is not that of the entries"
    return AuditReport(
        ok=not problem,
        entries=leaves.size,
        pruned=pruning.position,
        quarantined=log.quarantined(),
        chains=chains,
        log=words.newest.origin if words.newest else "",
        root=leaves.root().hex(),
        words=words.held,
        keys=tuple(sorted(words.keys)),
        problem=problem,
    )


class _Words:
    """What was signed of the log, by size; `held` counts what was found to be so."""

    def __init__(self, log: LogReader, witnesses: Sequence[str]) -> None:
        self.problem = ""
        self.held = 0
        self.keys: set[str] = set()
        self.newest: LogHead | None = None
        self._after = {row.number: row.after for row in log.logs()}
        heads = []
        signers: dict[str, Ed25519PublicKey] = {}
        try:
            for row in log.words():
                key = signers.setdefault(row.public_pem, load_pem(row.public_pem))
                head = open_note(row.note, [key])
                if (head.number, head.size) != (row.number, row.size):
                    self.problem = "a signed word on the log is filed as another one"
                heads.append(head)
            self.newest = heads[-1] if heads else None
            heads += [open_note(note, signers.values()) for note in witnesses]
        except Unverified as error:
            self.problem = str(error)
        self.keys = {key_id(key) for key in signers.values()}
        self._next = sorted((head for head in heads if self._bound(head)), key=lambda h: -h.size)

    def at(self, leaves: Leaves) -> int:
        """Hold what was signed of this size against the tree; the size to be asked at next."""
        while self._next and self._next[-1].size == leaves.size:
            head = self._next.pop()
            if head.root == leaves.root():
                self.held += 1
            else:
                self.problem = self.problem or (
                    f"the first {head.size} entries are not those that the hub signed as "
                    f"{head.origin}: history was rewritten"
                )
        return self._next[-1].size if self._next else 0

    def end(self, leaves: Leaves) -> str:
        """The first thing that does not hold, once all was read."""
        if self.problem:
            return self.problem
        if self._next:
            longest = self._next[0]
            return (
                f"the hub signed a log of {longest.size} entries ({longest.origin}), and this one "
                f"has {leaves.size}: its end was cut off, or an old copy was put back"
            )
        if leaves.size and (self.newest is None or self.newest.size != leaves.size):
            return "the newest entries are in no signed word of the hub"
        return ""

    def _bound(self, head: LogHead) -> bool:
        """Whether the present log must contain what `head` speaks of.

        What a log that was left at a restoration had beyond it is lost, and the log says so.
        """
        if self.newest is not None and head.clinic != self.newest.clinic:
            self.problem = self.problem or f"a word on {head.origin}, another clinic's log"
        later = [after for number, after in self._after.items() if number > head.number]
        return not later or head.size <= min(later)


class _Pruning:
    """Where each journal begins, and how far the log was pruned."""

    def __init__(self, log: LogReader) -> None:
        self._bases = log.bases()
        self._tiles = log.tiles(0)
        self.position = max((row.position for row in self._bases), default=0)
        self.journals = {
            (row.box, row.epoch): Journal(row.box, row.epoch, row.seq, row.hash)
            for row in self._bases
        }
        self._told = 0

    def take(self, leaves: Leaves, reached: Callable[[], int]) -> str:
        """Take the hashes of what was pruned from the stored tree; what is wrong with them."""
        hashes = b"".join(self._tiles[: self.position // WIDE + 1]) if self.position else b""
        if len(hashes) < 32 * self.position:
            return "the stored tree lacks entries that were pruned"
        wanted = reached()
        for at in range(0, 32 * self.position, 32):
            leaves.add(hashes[at : at + 32])
            if leaves.size == wanted:
                wanted = reached()
        for row in self._bases:
            if hashes[32 * row.position - 32 : 32 * row.position].hex() != row.hash:
                return f"{row.box}: the stored tree does not have its last pruned entry"
        return ""

    def seen(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The rows, noted where one of them tells of a pruning."""
        for row in rows:
            if row[_ACTION] == PRUNED and row[_BOX] == HUB:
                self._told = _upto(row[_DATA])
            yield row

    def problem(self) -> str:
        """Entries may lack only where the log says that they were pruned."""
        if self._told != self.position:
            return f"{self.position} entries are missing, and the log tells of {self._told}"
        return ""


def _upto(data: bytes) -> int:
    try:
        upto = Sealed.from_bytes(data).entry().detail.get("upto")
    except Unverified:
        return -1
    return upto if isinstance(upto, int) else -1


def _chain(journal: Journal, row: HeadRow | None) -> ChainReport:
    problem, keyid = journal.problem, ""
    if row is None:
        problem = problem or "its entries belong to no journal: a head was deleted"
    elif not problem:
        try:
            keyid = _signer(row, journal.head())
        except Unverified as error:
            problem = str(error)
    return ChainReport(
        box=journal.box,
        epoch=journal.epoch,
        entries=journal.entries,
        seq=journal.seq,
        head=journal.hash,
        keyid=keyid,
        problem=problem,
    )


def _signer(row: HeadRow, head: Head) -> str:
    """The id of the key that signed the journal's end."""
    key = load_pem(row.public_pem)
    word = open_checkpoint(Envelope.from_json(row.checkpoint.encode()), KeyRing([key]))
    if (word.box, word.epoch) != (row.box, row.epoch):
        raise Unverified("the signed end is another journal's")
    if head.seq < word.seq:
        raise Unverified(f"entries {head.seq + 1} to {word.seq} are missing: the end was cut off")
    if (word.seq, word.head) != (head.seq, head.hash):
        raise Unverified(f"the box signed entry {word.seq} as another one: the end was altered")
    if (row.seq, row.hash) != (head.seq, head.hash):
        raise Unverified("the remembered head is not the chain's")
    return key_id(key)


def _tiles_hold(log: LogReader, leaves: Leaves) -> bool:
    levels = list(leaves.levels())
    if log.tile_count() != sum(map(len, levels)):
        return False
    return all(log.tiles(level) == tiles for level, tiles in enumerate(levels))
