"""Whether what was signed fits the journal as it stands in its file; each raises `Unverified`."""

from __future__ import annotations

import sqlite3

from voiceassist.contract.ledger import Ack, Head, open_checkpoint
from voiceassist.contract.signing import Envelope, KeyRing
from voiceassist.errors import Unverified


def own_word(db: sqlite3.Connection, head: Head, own: KeyRing) -> None:
    """The box's signature over its last entry, which is written with each entry."""
    row = db.execute("SELECT envelope FROM word").fetchone()
    if row is None and not head.seq:
        return
    word = open_checkpoint(Envelope.from_json(row[0] if row else b""), own)
    if (word.box, word.epoch) != (head.box, head.epoch):
        raise Unverified(f"{head.box} signed the end of another journal: its end was altered")
    if (word.seq, word.head) != (head.seq, head.hash):
        raise Unverified(
            f"{head.box} signed entry {word.seq} as its last, and the journal ends at {head.seq}: "
            "its end was altered"
        )


def hub_word(db: sqlite3.Connection, head: Head, ack: Ack) -> None:
    """The hub's word on what it has, against the chain that ends in `head`."""
    if (ack.box, ack.epoch) != (head.box, head.epoch):
        raise Unverified(f"an acknowledgement for {ack.box}/{ack.epoch}, not for this journal")
    if ack.seq > head.seq:
        raise Unverified(
            f"the hub has {ack.seq} entries of {head.box}, the journal {head.seq}: "
            "its end was cut off, or an old disk was put back; tell IT"
        )
    if _hash_at(db, head.box, ack.seq) != ack.head:
        raise Unverified(
            f"the hub's entry {ack.seq} of {head.box} is not the journal's: "
            "one of the two was altered; tell IT"
        )


def _hash_at(db: sqlite3.Connection, box: str, seq: int) -> str:
    base_seq, base_hash = db.execute("SELECT base_seq, base_hash FROM journal").fetchone()
    if seq == base_seq:
        return str(base_hash)
    row = db.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise Unverified(
            f"the hub has only {seq} entries of {box}, and those up to {base_seq} "
            "were pruned here: restore a newer copy of the hub"
        )
    return str(row[0])
