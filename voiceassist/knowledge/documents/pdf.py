"""PDF: text and pages by pypdfium2, tables by pdfplumber, headings by the size of type."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from voiceassist.errors import BadInput
from voiceassist.knowledge.documents.builder import TextBuilder, tidy
from voiceassist.knowledge.documents.markdown import read_text
from voiceassist.knowledge.documents.model import Info, Limits, Scanned
from voiceassist.knowledge.documents.ocr import recognised, scanned

_LARGER = 1.15  # a line this much larger than the running text is a heading
_HEADING_WORDS = 14
_BULLET = re.compile(r"^(?:[•‣◦▪·\u2013-]|\d{1,2}[.)])\s+")
_RULED = 4  # strokes on a page before it is searched for tables


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    top: float
    bottom: float
    left: float


def read_pdf(name: str, data: bytes, builder: TextBuilder, limits: Limits) -> Info:
    """The text layer, page by page; raises `BadInput` for encrypted, damaged or scanned files."""
    import pypdfium2  # noqa: PLC0415 - only the hub installs it

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise BadInput(
                f"{name}: encrypted; save it without a password and add it again"
            ) from error
        raise BadInput(f"{name}: damaged, or no PDF; make it again and add it again") from error
    try:
        if len(pdf) > limits.max_pages:
            raise BadInput(f"{name}: {len(pdf)} pages, more than {limits.max_pages}; split it")
        pages = [_lines(pdf[number]) for number in range(len(pdf))]
        title = tidy(pdf.get_metadata_value("Title"))
        if not any(pages) and limits.ocr is None:
            raise Scanned(
                f"{name}: no text in this PDF (a scan?); add a copy with a text layer, or have IT "
                "set ocr.enabled on the hub"
            )
        pictures = scanned(pdf, pages)
        scans = recognised(name, pdf, pictures, limits.ocr) if limits.ocr else {}
        builder.unread = len(pictures) - len(scans)
    finally:
        pdf.close()
    sizes = [line.size for page in pages for line in page for _ in line.text.split()]
    tables = _tables(data) if sizes else {}
    _write(pages, tables, median(sizes) if sizes else 0.0, scans, builder)
    return Info(title=title)


def _write(
    pages: list[list[_Line]],
    tables: dict[int, list[Any]],
    body: float,
    scans: dict[int, str],
    builder: TextBuilder,
) -> None:
    larger = sorted({round(x.size) for p in pages for x in p if _is_heading(x, body)}, reverse=True)
    for number, page in enumerate(pages, start=1):
        builder.page(number, scanned=number in scans)
        if number in scans:
            read_text(scans[number], builder)
        flow = _Flow(builder)
        waiting = list(tables.get(number, ()))
        for line in page:
            inside = next(
                (t for t in tables.get(number, ()) if t.top <= line.top <= t.bottom), None
            )
            if inside is not None:
                if inside in waiting:
                    waiting.remove(inside)
                    flow.end()
                    builder.table(inside.rows)
            elif _is_heading(line, body):
                flow.heading(larger.index(round(line.size)) + 1, line)
            else:
                flow.line(line)
        flow.end()


def _is_heading(line: _Line, body: float) -> bool:
    return line.size >= body * _LARGER and len(line.text.split()) <= _HEADING_WORDS


class _Flow:
    """Lines to paragraphs: a gap, a bullet or a heading ends one."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._words: list[str] = []
        self._item = False
        self._last: _Line | None = None

    def heading(self, level: int, line: _Line) -> None:
        self.end()
        self._builder.heading(level, line.text)

    def line(self, line: _Line) -> None:
        last = self._last
        bullet = _BULLET.match(line.text)
        gap = last is not None and line.top - last.bottom > 0.8 * line.size
        outdent = last is not None and self._item and line.left < last.left - line.size
        if bullet or gap or outdent:
            self.end()
        if bullet:
            self._item = True
        text = line.text[bullet.end() :] if bullet else line.text
        if self._words and self._words[-1].endswith("-") and text[:1].islower():
            self._words[-1] = self._words[-1][:-1] + text
        else:
            self._words.append(text)
        self._last = line

    def end(self) -> None:
        text = " ".join(self._words)
        if self._item:
            self._builder.item(text)
        else:
            self._builder.paragraph(text)
        self._words, self._item, self._last = [], False, None


def _lines(page: Any) -> list[_Line]:
    """Lines of a page from top to bottom as pdfium orders them; points from the top edge."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - only the hub installs it

    height = page.get_height()
    words = page.get_textpage()
    try:
        lines = []
        for text, start in _spans(words.get_text_range()):
            boxes = [words.get_charbox(i) for i in range(start, start + len(text))]
            boxes = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
            if not boxes:
                continue
            sizes = [pdfium.FPDFText_GetFontSize(words, i) for i in range(start, start + len(text))]
            top, bottom = max(b[3] for b in boxes), min(b[1] for b in boxes)
            left = min(b[0] for b in boxes)
            lines.append(_Line(tidy(text), median(sizes), height - top, height - bottom, left))
        return [line for line in lines if line.text]
    finally:
        words.close()


def _spans(text: str) -> Iterator[tuple[str, int]]:
    for found in re.finditer(r"[^\r\n]+", text):
        yield found[0], found.start()


@dataclass(frozen=True, slots=True)
class _Table:
    top: float
    bottom: float
    rows: list[list[str]]


def _tables(data: bytes) -> dict[int, list[_Table]]:
    """Ruled tables by page."""
    import pdfplumber  # noqa: PLC0415 - only the hub installs it

    found: dict[int, list[_Table]] = {}
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            if len(page.lines) + len(page.rects) >= _RULED:
                for table in page.find_tables():
                    rows = [[cell or "" for cell in row] for row in table.extract()]
                    found.setdefault(number, []).append(_Table(table.bbox[1], table.bbox[3], rows))
            page.close()
    return found
