"""Packs: one version of one document with its passages and vectors, as immutable bytes.

Form: zstd of `MAGIC`, the length of the header (4 bytes, little-endian), the header as
canonical JSON, and the vectors as int8, one row a passage. A vector is stored as its
direction, scaled so that its largest part is 127. The same document, version and vectors
make the same bytes, so a pack is named by the SHA-256 of them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import zstandard
from pydantic import BaseModel, ConfigDict, ValidationError

from voiceassist.contract.canonical import canonical, parse, sha256
from voiceassist.contract.edition import EmbeddingSpec, PackRef
from voiceassist.engines.ports import Embedder
from voiceassist.errors import Unverified
from voiceassist.knowledge.documents.model import Document, Info
from voiceassist.knowledge.documents.passages import PassageDraft, split
from voiceassist.knowledge.text.drugs import find_drugs
from voiceassist.knowledge.text.vocabulary import american

MAGIC = b"VAPACK1\n"
MAX_UNPACKED = 256 << 20
_LEVEL = 12

Directions: TypeAlias = npt.NDArray[np.int8]  # shape (passages, dimension)


class PackedPassage(BaseModel):
    """A passage in a pack; its text is the document's from `start` to `end`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int
    end: int
    place: str
    context: str


class PackHeader(BaseModel):
    """What a pack says of its document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str
    version: int
    name: str
    info: Info
    text: str
    passages: tuple[PackedPassage, ...]
    embedding: EmbeddingSpec
    drugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackContent:
    """A pack's content once its bytes are verified."""

    header: PackHeader
    directions: Directions = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack's bytes, how a manifest names them, and the drugs its document names."""

    data: bytes = field(repr=False)
    ref: PackRef
    drugs: tuple[str, ...]


def embedding_of(embedder: Embedder) -> EmbeddingSpec:
    """What makes the vectors, as manifests and packs state it."""
    return EmbeddingSpec(model=embedder.model, sha256=embedder.sha256, dimension=embedder.dimension)


def pack_form() -> list[str | int]:
    """What decides a pack's bytes beside its document and vectors: a change re-indexes."""
    return [MAGIC.decode().strip(), _LEVEL]


def build_pack(
    document: Document, version: int, embedder: Embedder, previous: PackContent | None = None
) -> Pack:
    """Pack `document` as `version`; passages unchanged since `previous` keep their vectors."""
    drafts = split(document)
    header = PackHeader(
        document=document.id,
        version=version,
        name=document.name,
        info=document.info,
        text=document.text,
        passages=tuple(
            PackedPassage(start=d.start, end=d.end, place=d.place, context=d.context)
            for d in drafts
        ),
        embedding=embedding_of(embedder),
        drugs=find_drugs(document.text, declared=document.info.drugs),
    )
    known = _vectors_of(previous) if previous and _same_maker(previous, header) else {}
    body = canonical(header.model_dump(mode="json"))
    vectors = _directions(drafts, embedder, known).tobytes()
    content = MAGIC + struct.pack("<I", len(body)) + body + vectors
    data = compress(content)
    ref = PackRef(
        document=document.id,
        version=version,
        sha256=sha256(data),
        size=len(data),
        passages=len(drafts),
    )
    return Pack(data, ref, header.drugs)


def read_pack(data: bytes, ref: PackRef) -> PackContent:
    """Check `data` against `ref` and its own form; raises `Unverified`."""
    here = f"the pack of {ref.document} version {ref.version}"
    if len(data) != ref.size or sha256(data) != ref.sha256:
        raise Unverified(f"{here} is altered or cut short; fetch it again")
    try:
        content = unpack(data)
        header, vectors = _parts(content)
        _check(header, ref)
        rows = np.frombuffer(vectors, dtype=np.int8)
        directions = rows.reshape(len(header.passages), header.embedding.dimension)
    except (ValueError, ValidationError, zstandard.ZstdError, struct.error) as error:
        raise Unverified(f"{here} is malformed; publish the document again") from error
    return PackContent(header, directions)


def compress(content: bytes) -> bytes:
    """A pack's bytes: the same for the same content and release of zstd."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(content)


def unpack(data: bytes, dictionary: zstandard.ZstdCompressionDict | None = None) -> bytes:
    """Decompress within `MAX_UNPACKED`; raises `ValueError` for a frame that states no size."""
    size = zstandard.get_frame_parameters(data).content_size
    if not 0 < size <= MAX_UNPACKED:
        raise ValueError("a pack must state its size, within the limit")
    unpacker = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << 28)
    return unpacker.decompress(data, max_output_size=size)


def passage_input(context: str, text: str) -> str:
    """What is embedded for a passage."""
    return american(f"{context}. {' '.join(text.split())}")


def unit(directions: Directions) -> npt.NDArray[np.float32]:
    """Directions as unit vectors, shape as given."""
    rows = directions.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


def _parts(content: bytes) -> tuple[PackHeader, bytes]:
    if not content.startswith(MAGIC):
        raise ValueError("no pack")
    at = len(MAGIC)
    (length,) = struct.unpack_from("<I", content, at)
    body = content[at + 4 : at + 4 + length]
    return PackHeader.model_validate(parse(body)), content[at + 4 + length :]


def _check(header: PackHeader, ref: PackRef) -> None:
    if (header.document, header.version) != (ref.document, ref.version):
        raise ValueError("another document")
    if len(header.passages) != ref.passages:
        raise ValueError("another number of passages")
    if any(not 0 <= p.start < p.end <= len(header.text) for p in header.passages):
        raise ValueError("a passage lies outside the text")


def _directions(
    drafts: tuple[PassageDraft, ...], embedder: Embedder, known: dict[str, Directions]
) -> Directions:
    inputs = [passage_input(d.context, d.text) for d in drafts]
    new = [text for text in dict.fromkeys(inputs) if text not in known]
    if new:
        vectors = embedder.embed(new)
        largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
        known = known | dict(
            zip(new, np.rint(vectors / largest * 127).astype(np.int8), strict=True)
        )
    empty: Directions = np.zeros((0, embedder.dimension), dtype=np.int8)
    return np.stack([known[text] for text in inputs]) if inputs else empty


def _vectors_of(pack: PackContent) -> dict[str, Directions]:
    text = pack.header.text
    return {
        passage_input(p.context, text[p.start : p.end]): row
        for p, row in zip(pack.header.passages, pack.directions, strict=True)
    }


def _same_maker(pack: PackContent, header: PackHeader) -> bool:
    return pack.header.embedding == header.embedding
