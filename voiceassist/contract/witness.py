"""What a box believes of the hub's log: it only grows, and has the box's entries in it. Pure.

Law: a box never gives up what it has kept for a log that does not continue it. A log with a
higher number is another one, begun by a hub that was restored; the box tells of it in its own
journal and keeps the old word as evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

from voiceassist.contract.ledger import Ack
from voiceassist.contract.merkle import check_consistency, check_inclusion
from voiceassist.contract.note import LogHead, open_note
from voiceassist.contract.signing import KeyRing
from voiceassist.errors import Unverified


class Inconsistent(Unverified):
    """The hub signed two words that can't both be true. `told` is the second one."""

    def __init__(self, message: str, told: LogHead) -> None:
        super().__init__(message)
        self.told = told


class Late(Unverified):
    """A word that the hub has gone past since; it changes nothing."""


def witness(kept: LogHead | None, ack: Ack, trusted: KeyRing) -> LogHead:
    """The log as `ack` tells of it, in place of the one that was kept.

    Raises `Unverified` where the word does not hold in itself or does not tell how it continues
    what was kept, `Late` where it answers what the box asked before it knew that, `Inconsistent`
    where it contradicts it.
    """
    told = open_note(ack.log, trusted)
    if ack.seq:
        path = _hashes(ack.inclusion)
        check_inclusion(bytes.fromhex(ack.head), ack.index, told.size, path, told.root)
    if kept is None or (told.clinic == kept.clinic and told.number > kept.number):
        return told
    if told.clinic == kept.clinic and (told.number, told.size) < (kept.number, kept.size):
        if (ack.asked_log, ack.asked_size) <= (told.number, told.size):
            raise Late("an old word of the hub came late")
        raise Inconsistent(
            f"the hub's log went back from {kept.origin}, {kept.size} entries, to {told.origin}, "
            f"{told.size}; if it was restored from a copy, say so by `voiceassist hub restored`",
            told,
        )
    if told.origin != kept.origin:
        raise Inconsistent(f"the hub speaks of {told.origin}, another clinic's log", told)
    if told.size == kept.size:
        grown: Sequence[str] | None = ()
    else:
        grown = next((one.path for one in ack.growth if one.since == kept.size), None)
    if grown is None:
        raise Unverified(f"the hub does not tell how its log grew from {kept.size} entries")
    try:
        check_consistency(kept.size, kept.root, told.size, told.root, _hashes(grown))
    except Unverified as error:
        raise Inconsistent(f"{error}; keep both machines as they are, tell IT", told) from error
    return told


def _hashes(path: Sequence[str]) -> list[bytes]:
    try:
        return [bytes.fromhex(one) for one in path]
    except ValueError as error:
        msg = "a proof on the hub's log is malformed; both machines need one release"
        raise Unverified(msg) from error
