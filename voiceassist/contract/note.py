"""The log's checkpoint: its size and root as a signed note, in the C2SP tlog-checkpoint form.

    voiceassist/<clinic>/<number>
    <size, decimal>
    <root, base64>

    — <the first line again> <base64 of 4 bytes that name the key, and the signature>

`number` counts the clinic's logs: the Unix second at which this one began. A log only grows; a hub
that is restored from a copy begins a new one, so that a log that shrinks is always an alarm.
Source: C2SP tlog-checkpoint v1.0, signed-note v1.0 (Ed25519, algorithm 1).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voiceassist.contract.merkle import EMPTY
from voiceassist.contract.signing import Signer
from voiceassist.errors import Unverified

_ED25519 = b"\x01"
_NOTE = re.compile(
    r"(?P<body>voiceassist/(?P<clinic>[^/\s+]+)/(?P<number>0|[1-9]\d{0,18})\n"
    r"(?P<size>0|[1-9]\d{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"— (?P<name>\S+) (?P<signature>[A-Za-z0-9+/]{91}=)\n"
)


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where a log stands: how many entries it has, and the 32 bytes of their Merkle root."""

    clinic: str
    number: int
    size: int = 0
    root: bytes = EMPTY

    @property
    def origin(self) -> str:
        """The log's name."""
        return f"voiceassist/{self.clinic}/{self.number}"


def sign_note(head: LogHead, signer: Signer) -> str:
    """The hub's word on its log."""
    body = f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    signature = _key_hash(head.origin, signer.public) + signer.sign_note(body.encode())
    return f"{body}\n— {head.origin} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, trusted: Iterable[Ed25519PublicKey]) -> LogHead:
    """What a note says, once its signature holds; raises `Unverified`."""
    parts = _NOTE.fullmatch(note)
    if parts is None:
        msg = "a log's checkpoint is malformed; both machines need one release"
        raise Unverified(msg)
    head = LogHead(
        parts["clinic"], int(parts["number"]), int(parts["size"]), base64.b64decode(parts["root"])
    )
    try:
        signature = base64.b64decode(parts["signature"], validate=True)
    except binascii.Error as error:
        msg = "a log's checkpoint is malformed; both machines need one release"
        raise Unverified(msg) from error
    for key in trusted:
        if parts["name"] == head.origin and signature[:4] == _key_hash(head.origin, key):
            try:
                key.verify(signature[4:], parts["body"].encode())
            except InvalidSignature:
                continue
            return head
    msg = f"the checkpoint of {head.origin} is not signed by a key that is trusted here"
    raise Unverified(msg)


def split_notes(text: str) -> list[str]:
    """The notes that stand one after another in a text; raises `Unverified` for anything else."""
    notes = [found[0] for found in _NOTE.finditer(text)]
    if "".join(notes) != text:
        msg = "not a file of signed notes on a log; write it with `voiceassist appliance witness`"
        raise Unverified(msg)
    return notes


def origin_of(note: str) -> str:
    """The name of the log that a note speaks of, with nothing checked."""
    return note.split("\n", 1)[0]


def _key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw).digest()[:4]
