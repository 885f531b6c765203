"""Files made to take a reader's time, memory or stack."""

from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from collections.abc import Callable, Iterator

import pytest
from fpdf import FPDF

from voiceassist.errors import BadInput
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.documents.apart import ReaderProcess

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="word/document.xml"/></Relationships>'
)


@pytest.fixture(scope="module")
def apart() -> Iterator[ReaderProcess]:
    reader = ReaderProcess(10, 1536 << 20)
    yield reader
    reader.close()


def _docx(body: str, head: str = "") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{head}<w:document xmlns:w="{_WORD}">'
            f"<w:body>{body}</w:body></w:document>",
        )
    return data.getvalue()


def _laughs() -> bytes:
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    head = f"<!DOCTYPE d [{''.join(entities)}]>"
    return _docx("<w:p><w:r><w:t>&a11;</w:t></w:r></w:p>", head)


def _deep_docx() -> bytes:
    table = "<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"
    return _docx(table[0] * 20_000 + "<w:p/>" + table[1] * 20_000)


def _lying_zip() -> bytes:
    """Says that it unfolds to little, and unfolds to much."""
    data = bytearray(_docx("<w:p><w:r><w:t>" + "a" * 50_000_000 + "</w:t></w:r></w:p>"))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = -1
        while (start := data.find(mark, start + 1)) >= 0:
            data[start + at : start + at + 4] = (100).to_bytes(4, "little")
    return bytes(data)


def _pdf(**replaced: str) -> bytes:
    pdf = FPDF()
    pdf.set_compression(compress=False)
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.cell(text="Give fluids at 30 ml per kg.")
    data = bytes(pdf.output())
    for old, new in replaced.items():
        data = data.replace(old.encode(), new.encode())
    return data


def _yaml_bomb() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return ("---\n" + "\n".join(lines) + "\ntitle: *a11\n---\n# Gout\n\nText.\n").encode()


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "deep html": ("a.html", lambda: b"<html><body>" + b"<div>" * 200_000 + b"<p>text</p>"),
    "wide html": ("a.html", lambda: b"<html><body>" + b"<p>" * 300_000),
    "deep quotes": ("a.md", lambda: b">" * 50_000 + b" text"),
    "deep brackets": ("a.md", lambda: b"[" * 50_000 + b"text" + b"](x)" * 50_000),
    "yaml bomb": ("a.md", _yaml_bomb),
    "billion laughs": ("a.docx", _laughs),
    "deep docx": ("a.docx", _deep_docx),
    "lying zip": ("a.docx", _lying_zip),
    "endless pages": ("a.pdf", lambda: _pdf(**{"/Count 1": "/Count 999999999"})),
    "pages in a ring": ("a.pdf", lambda: _pdf(**{"/Kids [3 0 R]": "/Kids [1 0 R]"})),
    "absurd page": ("a.pdf", lambda: _pdf(**{"841.89": "99999999999"})),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_read_or_refused_in_time(apart: ReaderProcess, case: str) -> None:
    """A document or a refusal that names the file, well before the time-out of a person."""
    name, make = HOSTILE[case]
    began = time.monotonic()
    document, refusal = _outcome(apart, name, make())
    assert time.monotonic() - began < 20
    assert (document is None) != (refusal == "")
    assert not refusal or refusal.startswith(name)
    assert apart("gout.md", b"# Gout\n\nGive naproxen.\n", Limits()).title == "Gout"


def test_a_list_where_a_line_should_be_is_an_error() -> None:
    """Front matter is no place for what unfolds."""
    with pytest.raises(BadInput, match="'title'"):
        read_document("a.md", _yaml_bomb(), Limits())


def test_a_page_states_its_day_in_its_head_only() -> None:
    """A day in a page's text is no day from which it holds."""
    page = (
        b"<html><head><title>Gout</title>%s</head><body><article><h1>Gout</h1><p>Since 2019-03-04 "
        b"give naproxen 500 mg twice daily, and check the kidneys.</p></article></body></html>"
    )
    stated = b'<meta name="dcterms.issued" content="2024-05-06T10:00:00Z">'
    told = read_document("gout.html", page.replace(b"%s", stated), Limits())
    assert told.info.effective == dt.date(2024, 5, 6)
    assert read_document("gout.html", page.replace(b"%s", b""), Limits()).info.effective is None


def _outcome(apart: ReaderProcess, name: str, data: bytes) -> tuple[Document | None, str]:
    try:
        return apart(name, data, Limits()), ""
    except BadInput as error:
        return None, str(error)
