"""HTML and DOCX: both become a tree of headings, paragraphs, lists and tables."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from contextlib import suppress
from typing import Any

from voiceassist.errors import BadInput
from voiceassist.knowledge.documents.builder import TextBuilder, tidy
from voiceassist.knowledge.documents.model import Info, Limits

_HEADING = re.compile(r"h([1-6])")
_ISSUED = frozenset({
    "dcterms.issued", "dc.date", "dc.date.issued", "dcterms.date", "article:published_time",
    "date", "citation_publication_date",
})  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ENCRYPTED_OFFICE = b"\xd0\xcf\x11\xe0"


def read_html(name: str, data: bytes, builder: TextBuilder) -> Info:
    """The article of a page, without navigation, banners and footers (trafilatura)."""
    import trafilatura  # noqa: PLC0415 - only the hub installs it

    page: Any = trafilatura.bare_extraction(
        data, include_comments=False, include_tables=True, favor_recall=True, with_metadata=True
    )
    if page is None or page.body is None:
        raise BadInput(
            f"{name}: no article text in this page; save the page itself and add it again"
        )
    _walk(page.body, builder)
    return Info(
        title=tidy(page.title or ""), source=tidy(page.sitename or ""), effective=_published(data)
    )


def _published(data: bytes) -> dt.date | None:
    """The day that the page's head states; days in its text are of anything."""
    from lxml import html  # noqa: PLC0415 - the hub alone reads HTML

    for meta in html.fromstring(data).iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        if name in _ISSUED and (day := _DAY.match(meta.get("content") or "")):
            with suppress(ValueError):
                return dt.date.fromisoformat(day[0])
    return None


def read_docx(name: str, data: bytes, builder: TextBuilder, limits: Limits) -> Info:
    """A Word document by its styles (mammoth)."""
    import mammoth  # noqa: PLC0415 - only the hub installs it
    from lxml import html  # noqa: PLC0415 - the hub alone reads HTML

    check_zip(name, data, limits)
    try:
        page = mammoth.convert_to_html(
            io.BytesIO(data), convert_image=mammoth.images.img_element(_no_image)
        )
        tree = html.document_fromstring(f"<body>{page.value}</body>")
    except Exception as error:
        # mammoth and lxml raise many kinds for damaged XML; each means the same to a person
        raise BadInput(f"{name}: this Word file can't be read; open and save it again") from error
    _walk(tree, builder)
    return Info(title=_docx_title(data))


def check_zip(name: str, data: bytes, limits: Limits) -> None:
    """Refuse what is no DOCX, is encrypted, or would unfold beyond the limits."""
    if data.startswith(_ENCRYPTED_OFFICE):
        raise BadInput(f"{name}: encrypted, or an old .doc; save it as .docx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            bad = (
                archive.testzip()
                if sum(e.file_size for e in entries) <= limits.max_unpacked
                else ""
            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadInput(f"{name}: damaged, or no Word file; open and save it again") from error
    if bad == "":
        raise BadInput(f"{name}: unfolds to more than {limits.max_unpacked} bytes; refused")
    if bad or "word/document.xml" not in {e.filename for e in entries}:
        raise BadInput(f"{name}: damaged, or no Word file; open and save it again")


def _no_image(_image: Any) -> dict[str, str]:
    return {}


def _docx_title(data: bytes) -> str:
    from lxml import etree  # noqa: PLC0415 - comes with trafilatura

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "docProps/core.xml" not in archive.namelist():
            return ""
        core = etree.fromstring(archive.read("docProps/core.xml"), _safe_parser())
    return tidy(core.findtext("{http://purl.org/dc/elements/1.1/}title") or "")


def _safe_parser() -> Any:
    from lxml import etree  # noqa: PLC0415 - comes with trafilatura

    return etree.XMLParser(resolve_entities=False, no_network=True, recover=True)


def _walk(node: Any, builder: TextBuilder) -> None:
    """Blocks of a tree in HTML's tags or in those of trafilatura (head, list, item, row)."""
    for child in node:
        tag = child.tag if isinstance(child.tag, str) else ""
        level = _HEADING.fullmatch(child.get("rend", "") if tag == "head" else tag)
        if tag == "head" or level:
            builder.heading(int(level[1]) if level else 2, _text(child))
        elif tag in {"item", "li"}:
            _item(child, builder)
        elif tag == "table":
            rows = child.iter("row", "tr")
            builder.table([[_text(cell) for cell in row.iter("cell", "td", "th")] for row in rows])
        elif tag in {"p", "quote", "blockquote", "code", "pre", "ab"}:
            builder.paragraph(_text(child))
        else:
            builder.paragraph(child.text or "")
            _walk(child, builder)
        builder.paragraph(child.tail or "")


def _item(item: Any, builder: TextBuilder) -> None:
    nested = [child for child in item if child.tag in {"list", "ul", "ol"}]
    inside = {id(one) for part in nested for one in part.iter()}
    words = [item.text or ""]
    for one in item.iterdescendants():
        if id(one) not in inside:
            words.append(one.text or "")
        if id(one) not in inside or one in nested:
            words.append(one.tail or "")
    builder.item(" ".join(words))
    for part in nested:
        _walk(part, builder)


def _text(node: Any) -> str:
    return "".join(node.itertext())
