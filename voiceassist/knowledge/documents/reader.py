"""Chooses the reader, after checking that the content is what the name says."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from voiceassist.errors import BadInput, VoiceAssistError
from voiceassist.knowledge.documents.builder import TextBuilder, tidy
from voiceassist.knowledge.documents.markdown import read_markdown, read_text
from voiceassist.knowledge.documents.model import Document, Info, Limits

_KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".docx": "docx",
    ".pdf": "pdf",
}
SUFFIXES = frozenset(_KINDS)
# raise a kind's number when its reader makes another text of the same file
_FORMS = {"markdown": 1, "text": 1, "html": 2, "docx": 2, "pdf": 2}
_PDF_HEAD = 1024  # a PDF's mark may stand anywhere in the first 1,024 bytes
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|main|article|div|p|h[1-6])\b", re.IGNORECASE
)


def read_document(name: str, data: bytes, limits: Limits) -> Document:
    """Read the file `name` (a path relative to its folder) with the content `data`.

    Raises `BadInput`, saying what to do, for what is empty, too large, of an unknown type or
    of another type than its name says, encrypted, damaged, or without text.
    """
    kind = _KINDS.get(PurePosixPath(name).suffix.lower())
    if kind is None:
        raise BadInput(f"{name}: no known type; add one of {', '.join(sorted(SUFFIXES))}")
    if not data.strip():
        raise BadInput(f"{name}: empty; add a file with text in it")
    if len(data) > limits.max_bytes:
        raise BadInput(f"{name}: {len(data)} bytes, more than {limits.max_bytes}; split it")
    builder = TextBuilder()
    try:
        info = _read(kind, name, data, builder, limits)
    except VoiceAssistError:
        raise
    except Exception as error:
        # parsers raise whatever a damaged file makes them; each means the same to a person
        raise BadInput(f"{name}: damaged, it can't be read; make it again and add it") from error
    if builder.length == 0:
        raise BadInput(f"{name}: no text in it; add a file with text in it")
    if builder.length > limits.max_characters:
        raise BadInput(f"{name}: more than {limits.max_characters} characters; split it")
    title = info.title or builder.first_heading() or name_as_title(name)
    text, blocks = builder.finish(title)
    info = info.model_copy(update={"title": title})
    return Document(slug(name), name, info, text, blocks, unread=builder.unread)


def reader_form(name: str, limits: Limits) -> list[str | int]:
    """What decides the text that is read from a file called `name`, but its bytes."""
    kind = _KINDS.get(PurePosixPath(name).suffix.lower(), "")
    ocr = limits.ocr.model_dump_json() if kind == "pdf" and limits.ocr else ""
    return [kind, _FORMS.get(kind, 0), ocr]


def slug(name: str) -> str:
    """A document's id from its file's name: lower-case letters, digits and hyphens."""
    path = PurePosixPath(name)
    plain = unicodedata.normalize("NFKD", str(path.with_suffix(""))).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "-", plain.decode().lower()).strip("-") or "document"


def _read(kind: str, name: str, data: bytes, builder: TextBuilder, limits: Limits) -> Info:
    if kind == "pdf":
        if b"%PDF-" not in data[:_PDF_HEAD]:
            raise BadInput(f"{name}: named a PDF, but its content is not; give it its right name")
        from voiceassist.knowledge.documents.pdf import read_pdf  # noqa: PLC0415 - hub only

        return read_pdf(name, data, builder, limits)
    if kind in {"docx", "html"}:
        from voiceassist.knowledge.documents import markup  # noqa: PLC0415 - hub only

        if kind == "docx":
            return markup.read_docx(name, data, builder, limits)
        if b"\0" in data or not _HTML.search(data):
            raise BadInput(f"{name}: named HTML, but its content is not; give it its right name")
        return markup.read_html(name, data, builder)
    text = _decode(name, data)
    if kind == "markdown":
        return read_markdown(name, text, builder)
    read_text(text, builder)
    return Info()


def _decode(name: str, data: bytes) -> str:
    if data.startswith((b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or b"\0" in data:
        raise BadInput(f"{name}: named text, but its content is not; give it its right name")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: not UTF-8 text; save it as UTF-8 and add it again") from error


def name_as_title(name: str) -> str:
    """A title for a document that has none: its file's name in words."""
    return tidy(re.sub(r"[_\-]+", " ", PurePosixPath(name).stem)).capitalize() or name
