"""The log in forms that others read: JSON lines, CSV, and an evidence file.

Each is a stream of lines that end in a newline, of one state of the log.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from hub.audit.reader import LogReader
from hub.audit.schemas import EntryView, Filters
from voiceassist.contract.merkle import consistency, inclusion
from voiceassist.contract.note import LogHead, open_note
from voiceassist.contract.signing import KeyRing, load_pem
from voiceassist.errors import WrongUse

_COLUMNS = (
    "position", "box", "epoch", "seq", "hash", "time", "received", "actor", "action", "outcome",
    "subject", "detail",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def json_lines(log: LogReader, filters: Filters) -> Iterator[str]:
    """Each entry's position, hash and the exact text that was hashed; then the journals' ends.

    SHA-256 over a zero byte and the UTF-8 bytes of `entry` gives `hash`.
    """
    for row in log.matching(filters):
        yield _line({"position": row.position, "hash": row.hash, "entry": row.data.decode()})
    for head in log.heads():
        word = {"box": head.box, "epoch": head.epoch, "public_pem": head.public_pem}
        yield _line({**word, "checkpoint": json.loads(head.checkpoint)})


def comma_separated(views: Iterator[EntryView]) -> Iterator[str]:
    """A table with a header (RFC 4180), times in UTC, what a spreadsheet would compute defused."""
    yield _row(_COLUMNS)
    for view in views:
        texts = (view.actor, view.action, view.outcome, view.subject)
        yield _row((
            view.position, view.box, view.epoch, view.seq, view.hash,
            utc(view.wall_ms), utc(view.received_ms), *map(_inert, texts),
            json.dumps(view.detail, ensure_ascii=False, sort_keys=True),
        ))  # fmt: skip


def evidence(log: LogReader, filters: Filters, witnesses: Sequence[str] = ()) -> Iterator[str]:
    """What `voiceassist/evidence.py` checks with public keys alone; see there.

    Without filters it is the whole log. `witnesses` are signed notes that others were given: the
    file gets the proof that the log continues each.
    """
    newest = log.newest_word()
    if newest is None:
        raise WrongUse("the log is empty: there is nothing to give evidence of")
    whole, size, node = filters == Filters(), newest.size, log.tree.node
    count = 1
    yield _line({"voiceassist": "evidence", "v": 1, "whole": whole, "note": newest.note})
    if whole:
        for index, leaf in enumerate(log.pruned_leaves()):
            yield _line({"index": index, "leaf": leaf.hex()})
            count += 1
    for row in log.matching(filters):
        one = {"index": row.position - 1, "entry": row.data.decode()}
        if not whole:
            path = inclusion(node, row.position - 1, size)
            one["path"] = [part.hex() for part in path]
        yield _line(one)
        count += 1
    for witness in () if whole else witnesses:
        seen = _told(log, witness)
        if 0 < seen.size < size and seen.number == newest.number:
            path = consistency(node, seen.size, size)
            yield _line({"since": seen.size, "path": [part.hex() for part in path]})
            count += 1
    for head in log.heads():
        word = {"box": head.box, "epoch": head.epoch, "checkpoint": json.loads(head.checkpoint)}
        yield _line(word)
        count += 1
    yield _line({"lines": count})


def utc(wall_ms: int) -> str:
    """A time as ISO 8601 with milliseconds; one that no calendar has stays a number."""
    try:
        moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(wall_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(log: LogReader, witness: str) -> LogHead:
    return open_note(witness, KeyRing(load_pem(row.public_pem) for row in log.words()))


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _row(values: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
