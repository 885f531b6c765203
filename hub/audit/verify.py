"""Checks the log as it stands in the database against what the boxes signed.

Law: nothing is believed for being in the database. Every entry is hashed again from its bytes,
every searched column compared with them, and the chain's end with the box's own signature.
What the hub alone can't show is told in docs/ledger.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub.audit.schemas import AuditReport, ChainReport
from hub.audit.store import LogReader
from hub.audit.tables import EntryRow, HeadRow, searchable
from voiceassist.contract.ledger import Head, Sealed, follow, open_checkpoint
from voiceassist.contract.signing import Envelope, KeyRing, key_id
from voiceassist.errors import Unverified


def verify_log(log: LogReader) -> AuditReport:
    """Read everything; one report for each journal."""
    chains = tuple(verify_chain(row, log.chain(row.box, row.epoch)) for row in log.heads())
    count, last = log.count()
    counted = sum(chain.entries for chain in chains)
    problem = next((f"{c.box}: {c.problem}" for c in chains if c.problem), "")
    if not problem and count != last:
        problem = f"the log has {count} entries and ends at position {last}: some were deleted"
    if not problem and count != counted:
        problem = f"{count - counted} entries belong to no journal: a head was deleted"
    return AuditReport(
        ok=not problem,
        entries=count,
        quarantined=log.quarantined(),
        chains=chains,
        problem=problem,
    )


def verify_chain(row: HeadRow, entries: Iterable[EntryRow]) -> ChainReport:
    """Check one journal; the report names the first thing that does not hold."""
    head, count, problem, keyid = Head(row.box, row.epoch), 0, "", ""
    try:
        for entry in entries:
            count += 1
            head = _next(head, entry)
        keyid = _check_end(row, head)
    except Unverified as error:
        problem = str(error)
        count += sum(1 for _rest in entries)
    return ChainReport(
        box=row.box,
        epoch=row.epoch,
        entries=count,
        seq=head.seq,
        head=head.hash,
        keyid=keyid,
        problem=problem,
    )


def _next(head: Head, row: EntryRow) -> Head:
    sealed = Sealed.from_bytes(row.data)
    head, entry = follow(head, sealed)
    for name, value in searchable(sealed, entry).items():
        if getattr(row, name) != value:
            raise Unverified(f"column {name} of audit entry {entry.seq} is not what was sealed")
    return head


def _check_end(row: HeadRow, head: Head) -> str:
    """The id of the key that signed the journal's end."""
    key = load_pem_public_key(row.public_pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise Unverified("the key of this journal is not Ed25519")
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
