"""What the boxes of a zone tell each other: "I am here", and "I heard the wake word, this well".

Never a word, never a sound. A notice is canonical JSON, signed by the room's certified key; one
datagram holds the certificate, the signature and the notice.

    4 bytes    2 bytes            1 byte             then
    "VAP1"     certificate's size signature's size   certificate (DER), signature, notice
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voiceassist.contract.canonical import canonical
from voiceassist.contract.signing import pre_authentication_encoding
from voiceassist.errors import BadInput

MAX_DATAGRAM = 1400  # bytes, so that none is cut in pieces on an Ethernet
MAX_ECHOES = 12
NOTICE_TYPE = "application/vnd.voiceassist.peer-notice.v1+json"
_MAGIC = b"VAP1"
_DAMAGED = "a peer's notice is damaged; bring all boxes to one release"
_HEAD = struct.Struct("!4sHB")
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
_Random = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Claim(BaseModel):
    """One box heard the wake word `age_ms` before it said so.

    `loud` is how far the word stood above the noise, in tenths of a decibel; `score` the wake
    model's, in thousandths. Once `taken`, this box answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    call: _Random
    loud: int = Field(ge=-1000, le=1000)
    score: int = Field(ge=0, le=1000)
    age_ms: int = Field(ge=0, le=10_000)
    taken: bool


class Notice(BaseModel):
    """One notice of a room's box.

    `boot` is drawn at random when the box starts, and `seq` counts its notices since. `asks` is
    what others must say back in `echoes` to show that they speak now; see `peers/freshness.py`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[1] = 1
    zone: _Name
    room: _Name
    boot: _Random
    seq: int = Field(ge=0, le=2**53 - 1)
    asks: _Random
    echoes: tuple[_Random, ...] = Field(max_length=MAX_ECHOES)
    claim: Claim | None = None

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return canonical(self.model_dump(mode="json"))

    @classmethod
    def from_bytes(cls, data: bytes) -> Notice:
        """Read canonical bytes; raises `BadInput`."""
        try:
            notice = cls.model_validate_json(data)
        except ValidationError as error:
            raise BadInput(_DAMAGED) from error
        if notice.to_bytes() != data:
            raise BadInput(_DAMAGED)
        return notice


@dataclass(frozen=True, slots=True)
class Datagram:
    """A notice's bytes with what proves them; nothing is checked yet."""

    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    notice: bytes = field(repr=False)

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return to_sign(self.notice)

    def to_bytes(self) -> bytes:
        """For the wire; raises `BadInput` where it is too long for one datagram."""
        head = _HEAD.pack(_MAGIC, len(self.certificate), len(self.signature))
        data = head + self.certificate + self.signature + self.notice
        if len(data) > MAX_DATAGRAM:
            raise BadInput("a peer's notice is too long; give room and zone shorter names")
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> Datagram:
        """Cut what came in apart; raises `BadInput` for what is none."""
        if not _HEAD.size < len(data) <= MAX_DATAGRAM:
            raise BadInput("not a peer's datagram by its size; dropped")
        magic, certificate, signature = _HEAD.unpack_from(data)
        at = _HEAD.size + certificate
        if magic != _MAGIC or not certificate or not signature or at + signature >= len(data):
            raise BadInput("not a peer's datagram by its form; dropped")
        return cls(data[_HEAD.size : at], data[at : at + signature], data[at + signature :])


def to_sign(notice: bytes) -> bytes:
    """The bytes that are signed for `notice`: DSSE's, so that they pass for nothing else."""
    return pre_authentication_encoding(NOTICE_TYPE, notice)
