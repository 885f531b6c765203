from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
import zstandard

from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import PackRef
from voiceassist.errors import Unverified
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.editions.packs import MAGIC, build_pack, passage_input, read_pack, unit


def named(data: bytes, like: PackRef) -> PackRef:
    return like.model_copy(update={"sha256": sha256(data), "size": len(data)})


def test_the_same_document_makes_the_same_bytes(
    documents: dict[str, Document], embedder: Any
) -> None:
    """A pack is named by its hash, so nothing in it may vary."""
    document = documents["asthma.md"]
    assert build_pack(document, 3, embedder).data == build_pack(document, 3, embedder).data


def test_a_pack_reads_back_what_was_packed(documents: dict[str, Document], embedder: Any) -> None:
    """Text, spans, metadata and vectors survive; vectors keep their direction."""
    document = documents["anaphylaxis.md"]
    pack = build_pack(document, 2, embedder)
    content = read_pack(pack.data, pack.ref)
    header = content.header
    assert (header.document, header.version, header.text) == ("anaphylaxis", 2, document.text)
    assert header.info == document.info
    inputs = [passage_input(p.context, header.text[p.start : p.end]) for p in header.passages]
    likeness = (unit(content.directions) * embedder.embed(inputs)).sum(axis=1)
    assert np.all(likeness > 0.999)
    assert pack.ref.passages == len(inputs) > 1


def test_changed_documents_embed_only_what_changed(
    documents: dict[str, Document], embedder: Any
) -> None:
    """Passages that stay keep their vectors."""
    document = documents["anaphylaxis.md"]
    old = build_pack(document, 1, embedder)
    changed = Document(
        document.id,
        document.name,
        document.info,
        document.text.replace("6 hours", "8 hours"),
        document.blocks,
    )
    embedder.calls.clear()
    build_pack(changed, 2, embedder, previous=read_pack(old.data, old.ref))
    assert embedder.calls == [1]


def test_drugs_are_named_once(documents: dict[str, Document], embedder: Any) -> None:
    """A drug declared and found is one name, lower case."""
    assert build_pack(documents["anaphylaxis.md"], 1, embedder).drugs == ("epinephrine",)


@pytest.mark.parametrize("at", [0, 10, -1])
def test_an_altered_pack_is_refused(documents: dict[str, Document], embedder: Any, at: int) -> None:
    """One flipped bit anywhere is seen."""
    pack = build_pack(documents["asthma.md"], 1, embedder)
    data = bytearray(pack.data)
    data[at] ^= 1
    with pytest.raises(Unverified, match="altered"):
        read_pack(bytes(data), pack.ref)


def test_a_pack_cut_short_is_refused(documents: dict[str, Document], embedder: Any) -> None:
    """A response that ended early is no pack."""
    pack = build_pack(documents["asthma.md"], 1, embedder)
    with pytest.raises(Unverified, match="cut short"):
        read_pack(pack.data[:-1], pack.ref)


def test_a_pack_of_another_document_is_refused(
    documents: dict[str, Document], embedder: Any
) -> None:
    """A right hash under a wrong name is refused."""
    pack = build_pack(documents["asthma.md"], 1, embedder)
    with pytest.raises(Unverified, match="malformed"):
        read_pack(pack.data, pack.ref.model_copy(update={"document": "other"}))


def test_a_pack_that_would_fill_the_memory_is_refused(
    documents: dict[str, Document], embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size a frame states is checked before it is unfolded; one that states none is refused."""
    ref = build_pack(documents["asthma.md"], 1, embedder).ref
    content = b"\0" * 5_000_000
    monkeypatch.setattr("voiceassist.knowledge.editions.packs.MAX_UNPACKED", 1_000_000)
    for sized in (True, False):
        data = zstandard.ZstdCompressor(write_content_size=sized).compress(content)
        with pytest.raises(Unverified, match="malformed"):
            read_pack(data, named(data, ref))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"other",
        MAGIC + struct.pack("<I", 9999) + b"{}",
        MAGIC + struct.pack("<I", 2) + b"{}",
        MAGIC + b"\1",
    ],
)
def test_a_pack_without_its_form_is_refused(
    documents: dict[str, Document], embedder: Any, content: bytes
) -> None:
    """Bytes with the right hash and the wrong form raise the one error there is for them."""
    ref = build_pack(documents["asthma.md"], 1, embedder).ref
    data = zstandard.ZstdCompressor().compress(content)
    with pytest.raises(Unverified, match="malformed"):
        read_pack(data, named(data, ref))


def test_a_passage_outside_the_text_is_refused(
    documents: dict[str, Document], embedder: Any
) -> None:
    """A publisher's mistake can't make a room cite what is not there."""
    pack = build_pack(documents["asthma.md"], 1, embedder)
    content = zstandard.ZstdDecompressor().decompress(pack.data)
    (length,) = struct.unpack_from("<I", content, len(MAGIC))
    body = content[len(MAGIC) + 4 :][:length]
    rest = content[len(MAGIC) + 4 + length :]
    end = read_pack(pack.data, pack.ref).header.passages[-1].end
    body = body.replace(b'"end":%d' % end, b'"end":%d' % (end + 10_000))
    forged = MAGIC + struct.pack("<I", len(body)) + body + rest
    data = zstandard.ZstdCompressor().compress(forged)
    with pytest.raises(Unverified, match="malformed"):
        read_pack(data, named(data, pack.ref))


def test_a_document_without_passages_makes_a_pack(embedder: Any) -> None:
    """Headings alone are a document, if a poor one."""
    document = read_document("a.md", b"# Only a title\n", Limits())
    pack = build_pack(document, 1, embedder)
    assert read_pack(pack.data, pack.ref).directions.shape == (0, embedder.dimension)
