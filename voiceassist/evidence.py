"""Checks an evidence file of a VoiceAssist hub, offline, with nothing but public keys.

Copy this one file to any machine that has Python 3.11 and `cryptography`, and run it:

    python evidence.py trail.evidence --key hub.pem [--key room.pem …] [--witness note.txt …]

It shares no code with the hub that wrote the file. The format (docs/ledger.md) is JSON lines:

    {"voiceassist": "evidence", "v": 1, "whole": …, "note": "<the hub's signed checkpoint>"}
    {"index": 0, "entry": "<the text that was hashed>", "path": ["<hash, hex>", …]}
    {"index": 1, "leaf": "<hash, hex>"}                    an entry that was pruned, in a whole log
    {"since": 7, "path": ["<hash, hex>", …]}               how the log grew from a witness's size
    {"box": …, "epoch": …, "checkpoint": {…}}              a box's signed word on its journal's end
    {"lines": 5}                                           how many lines there were before

The hub's checkpoint and the witnesses' are C2SP signed notes, proofs are those of RFC 6962, boxes
sign DSSE envelopes; all signatures are Ed25519. Exit status 0: everything holds.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

CHECKPOINT_TYPE = "application/vnd.voiceassist.checkpoint.v1+json"
GENESIS = "0" * 64
_NOTE = re.compile(
    r"((voiceassist/[^/\s+]+/(\d{1,19}))\n(0|[1-9]\d{0,18})\n([A-Za-z0-9+/]{43}=)\n)"
    r"\n— (\S+) ([A-Za-z0-9+/]{91}=)\n"
)
_HEX = re.compile(r"[0-9a-f]{64}")


class Refuted(Exception):
    """Something in the file does not hold."""


@dataclass(frozen=True)
class Note:
    """A hub's word on its log: `origin`, how many entries, their Merkle root, and who signed."""

    origin: str
    size: int
    root: bytes
    keyid: str


@dataclass
class Journal:
    """One box's entries in the file: those of numbers that follow each other are chained."""

    entries: int = 0
    first: int = 0
    seq: int = 0
    hash: str = ""
    gaps: int = 0


@dataclass
class Report:
    """What was found. `unchecked` names what lacked a key or a proof to check it with."""

    note: Note | None = None
    whole: bool = False
    entries: int = 0
    pruned: int = 0
    witnesses: int = 0
    journals: dict[tuple[str, str], Journal] = field(default_factory=dict)
    signed: dict[tuple[str, str], str] = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        note = self.note
        return {
            "ok": not self.problem,
            "problem": self.problem,
            "log": note.origin if note else "",
            "size": note.size if note else 0,
            "root": note.root.hex() if note else "",
            "signed_by": note.keyid if note else "",
            "whole": self.whole,
            "entries": self.entries,
            "pruned": self.pruned,
            "witnesses": self.witnesses,
            "journals": [
                {
                    "box": box,
                    "epoch": epoch,
                    "entries": one.entries,
                    "first": one.first,
                    "last": one.seq,
                    "gaps": one.gaps,
                    "end_signed_by": self.signed.get((box, epoch), ""),
                }
                for (box, epoch), one in self.journals.items()
            ],
            "unchecked": self.unchecked,
        }


class Keys:
    """The public keys that the person who checks has from elsewhere."""

    def __init__(self, pems: Iterable[bytes]) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        for pem in pems:
            try:
                key = load_pem_public_key(pem)
            except (ValueError, UnsupportedAlgorithm) as error:
                raise Refuted("a key given with --key is not a PEM public key") from error
            if not isinstance(key, Ed25519PublicKey):
                raise Refuted("a key given with --key is not Ed25519")
            raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            self._keys[hashlib.sha256(raw).hexdigest()[:16]] = key

    def __contains__(self, keyid: object) -> bool:
        return keyid in self._keys

    def note(self, text: str) -> Note:
        """A signed checkpoint, once its signature by one of the keys holds."""
        parts = _NOTE.fullmatch(text)
        if parts is None:
            raise Refuted("a checkpoint is malformed")
        body, origin, _number, size, root, name, signature = parts.groups()
        raw = _base64(signature)
        for keyid, key in self._keys.items():
            public = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            named = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
            if name == origin and raw[:4] == named and _holds(key, raw[4:], body.encode()):
                return Note(origin, int(size), _base64(root), keyid)
        raise Refuted(f"the checkpoint of {origin} is not signed by a key that was given")

    def envelope(self, envelope: Mapping[str, Any]) -> dict[str, Any]:
        """What a box signed in a DSSE envelope of a checkpoint."""
        kind, keyid = envelope.get("payload_type"), str(envelope.get("keyid"))
        if kind != CHECKPOINT_TYPE or keyid not in self:
            raise Refuted(f"a journal's end is signed as {kind!r} by key {keyid!r}")
        payload = _base64(envelope.get("payload"))
        signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
        if not _holds(self._keys[keyid], _base64(envelope.get("sig")), signed):
            raise Refuted(f"the signature of key {keyid} on a journal's end does not hold")
        return _object(payload.decode("utf-8", "replace"))


class Tree:
    """The root of leaves that come one after another."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append a leaf's hash."""
        size = self.size
        while size & 1:
            leaf = _node(self._full.pop(), leaf)
            size >>= 1
        self._full.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over all of them."""
        if not self._full:
            return hashlib.sha256(b"").digest()
        node = self._full[-1]
        for left in self._full[-2::-1]:
            node = _node(left, node)
        return node


def check(lines: Iterable[str], pems: Iterable[bytes], witnesses: Sequence[str] = ()) -> Report:
    """Check an evidence file, line by line; `Report.problem` is the first thing that fails."""
    report = Report()
    try:
        keys = Keys(pems)
        _File(report, keys, [keys.note(one) for one in witnesses]).read(lines)
    except Refuted as error:
        report.problem = str(error)
    return report


class _File:
    def __init__(self, report: Report, keys: Keys, witnesses: list[Note]) -> None:
        self._report = report
        self._keys = keys
        self._tree = Tree()
        self._pruned: set[str] = set()
        self._index = -1
        self._witnesses = sorted(witnesses, key=lambda note: note.size)

    def read(self, lines: Iterable[str]) -> None:
        """Read all lines; raises `Refuted`."""
        ended = False
        for count, line in enumerate(lines):
            if ended:
                raise Refuted("there are lines behind the end")
            one = _object(line)
            if count == 0:
                self._begin(one)
            elif "lines" in one:
                ended = one["lines"] == count
                if not ended:
                    raise Refuted(f"the file says that it has {one['lines']} lines: {count} came")
            else:
                self._take(one)
        if not ended:
            raise Refuted("the file ends too early: it was cut off")
        self._end()

    def _begin(self, one: dict[str, Any]) -> None:
        if one.get("voiceassist") != "evidence" or one.get("v") != 1:
            raise Refuted("not an evidence file of a form that this program knows")
        self._report.whole = one.get("whole") is True
        self._report.note = self._keys.note(str(one.get("note")))
        for witness in self._witnesses:
            if witness.origin != self._note.origin:
                raise Refuted(f"a witness speaks of {witness.origin}, not of {self._note.origin}")
            if witness.size > self._note.size:
                raise Refuted(
                    f"a witness was told of {witness.size} entries, and the file's log has "
                    f"{self._note.size}: the log went back"
                )
        self._pass_witnesses()

    @property
    def _note(self) -> Note:
        if self._report.note is None:
            raise Refuted("the file has no checkpoint")
        return self._report.note

    def _take(self, one: dict[str, Any]) -> None:
        if "entry" in one:
            text = one["entry"]
            if not isinstance(text, str):
                raise Refuted("an entry is not a text")
            leaf = hashlib.sha256(b"\0" + text.encode("utf-8", "surrogatepass")).digest()
            self._place(leaf, one)
            self._chain(text, leaf.hex())
        elif "leaf" in one:
            if not self._report.whole:
                raise Refuted("a hash stands for an entry outside of a whole log")
            self._place(_hash(one["leaf"]), one)
            self._pruned.add(one["leaf"])
            self._report.pruned += 1
        elif "since" in one:
            self._grown(one)
        elif "checkpoint" in one:
            self._signed(one)
        else:
            raise Refuted("a line is of no kind that this program knows")

    def _place(self, leaf: bytes, one: dict[str, Any]) -> None:
        index = one.get("index")
        if not isinstance(index, int) or index <= self._index:
            raise Refuted("entries are out of order")
        if self._report.whole:
            if index != self._index + 1:
                raise Refuted(f"entry {self._index + 1} of the log is missing")
            self._tree.add(leaf)
            self._pass_witnesses()
        else:
            path = [_hash(part) for part in _list(one.get("path"))]
            if not included(leaf, index, self._note.size, path, self._note.root):
                raise Refuted(f"entry {index} is not in the signed log: it was altered")
        self._index = index

    def _chain(self, text: str, hashed: str) -> None:
        entry = _object(text)
        if json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True) != text:
            raise Refuted(f"entry {self._index} is not in its canonical form")
        name, seq = (str(entry.get("box")), str(entry.get("epoch"))), entry.get("seq")
        if not isinstance(seq, int):
            raise Refuted(f"entry {self._index} has no number")
        known = self._report.journals.setdefault(name, Journal())
        if known.entries and seq <= known.seq:
            raise Refuted(f"entry {seq} of {name[0]} comes after entry {known.seq}")
        if known.entries and seq == known.seq + 1:
            if entry.get("previous") != known.hash:
                raise Refuted(f"entry {seq} of {name[0]} does not continue the one before it")
        elif known.entries and self._report.whole:
            raise Refuted(f"entries of {name[0]} are missing before number {seq}")
        elif self._report.whole and entry.get("previous") not in self._pruned | {GENESIS}:
            raise Refuted(f"{name[0]} begins with number {seq}, and nothing was pruned before it")
        else:
            known.gaps += bool(known.entries)
        known.entries += 1
        known.first = known.first or seq
        known.seq, known.hash = seq, hashed
        self._report.entries += 1

    def _pass_witnesses(self) -> None:
        """Hold what witnesses were told of this size against the whole log's own root."""
        while self._report.whole and self._witnesses and (
            self._witnesses[0].size == self._tree.size
        ):  # fmt: skip
            if self._witnesses.pop(0).root != self._tree.root():
                raise Refuted("a witness was told of another history than the file's")
            self._report.witnesses += 1

    def _grown(self, one: dict[str, Any]) -> None:
        path = [_hash(part) for part in _list(one.get("path"))]
        for witness in [w for w in self._witnesses if w.size == one["since"]]:
            if not continued(witness.size, witness.root, self._note.size, self._note.root, path):
                raise Refuted("a witness was told of another history than the file's")
            self._witnesses.remove(witness)
            self._report.witnesses += 1

    def _signed(self, one: dict[str, Any]) -> None:
        envelope = one["checkpoint"]
        name = str(one.get("box")), str(one.get("epoch"))
        if not isinstance(envelope, dict):
            raise Refuted(f"the signed end of {name[0]} is malformed")
        keyid = envelope.get("keyid")
        if keyid not in self._keys:
            self._report.unchecked.append(f"the end of {name[0]} is signed by key {keyid}")
            return
        word = self._keys.envelope(envelope)
        if (word.get("box"), word.get("epoch")) != name:
            raise Refuted(f"the signed end of {name[0]} is another journal's")
        known = self._report.journals.get(name)
        if known is not None and known.seq > word.get("seq", 0):
            raise Refuted(f"{name[0]} has entries behind the one that its box signed as the last")
        if known is not None and known.seq == word.get("seq") and known.hash != word.get("head"):
            raise Refuted(f"{name[0]} signed entry {known.seq} as another one")
        if self._report.whole and known is not None and known.seq < word.get("seq", 0):
            raise Refuted(f"the end of {name[0]} is missing: its box signed {word.get('seq')}")
        self._report.signed[name] = str(keyid)

    def _end(self) -> None:
        if self._report.whole:
            if (self._tree.size, self._tree.root()) != (self._note.size, self._note.root):
                raise Refuted("the entries are not those of the signed log")
            lost = [name for name in self._report.journals if name not in self._report.signed]
            self._report.unchecked += [
                f"the end of {box} has no signature in the file"
                for box, _epoch in lost
                if not any(one.startswith(f"the end of {box} ") for one in self._report.unchecked)
            ]
        elif self._witnesses and self._witnesses[0].size == self._note.size:
            self._same_size()
        self._report.unchecked += [
            f"a witness of {one.size} entries: the file has no proof from there"
            for one in self._witnesses
        ]

    def _same_size(self) -> None:
        for witness in [w for w in self._witnesses if w.size == self._note.size]:
            if witness.root != self._note.root:
                raise Refuted("a witness was told of another history than the file's")
            self._witnesses.remove(witness)
            self._report.witnesses += 1


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` leads from a leaf's hash to the root of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for part in path:
        if not last:
            return False
        if at & 1 or at == last:
            node = _node(part, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = _node(node, part)
        at, last = at >> 1, last >> 1
    return not last and node == root


def continued(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` shows that a tree begins with an older one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old_root == new_root and not path
    if not 0 <= old < new:
        return False
    if not old:
        return not path
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for part in steps[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            before, after = _node(part, before), _node(part, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = _node(after, part)
        at, last = at >> 1, last >> 1
    return not last and (before, after) == (old_root, new_root)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _holds(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _base64(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refuted("something that must be base64 is not") from error


def _hash(text: object) -> bytes:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise Refuted("something that must be a hash is none")
    return bytes.fromhex(text)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Refuted("an entry has no path to the signed root")
    return value


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refuted("a line is not JSON") from error
    if not isinstance(value, dict):
        raise Refuted("a line is not a JSON object")
    return value


def words(report: Report) -> Iterator[str]:
    """The report for a person."""
    if report.note is not None:
        yield f"{report.note.origin}: {report.note.size} entries, signed by {report.note.keyid}"
        kind = "the whole log" if report.whole else "a selection, which can't show what it lacks"
        yield f"{report.entries} entries in the file, {report.pruned} pruned; {kind}"
        yield f"root {report.note.root.hex()}; {report.witnesses} witnesses agree"
    yield from (f"not checked: {one}" for one in report.unchecked)
    yield f"DOES NOT HOLD: {report.problem}" if report.problem else "everything holds"


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit status."""
    parser = argparse.ArgumentParser(description="Checks an evidence file of a VoiceAssist hub.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, action="append", required=True, metavar="PEM")
    parser.add_argument("--witness", type=Path, action="append", default=[], metavar="NOTE")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        pems = [path.read_bytes() for path in given.key]
        notes = [n[0] for path in given.witness for n in _NOTE.finditer(path.read_text("utf-8"))]
        with given.file.open(encoding="utf-8") as lines:
            report = check(lines, pems, notes)
    except (OSError, UnicodeDecodeError) as error:
        parser.exit(2, f"can't be read: {error}\n")
    told = [json.dumps(report.as_json())] if given.json else words(report)
    sys.stdout.writelines(f"{line}\n" for line in told)
    return 1 if report.problem else 0


if __name__ == "__main__":
    sys.exit(main())
