"""Bytes of a file to a `Document`: text with exact offsets, headings, pages and metadata."""

from voiceassist.knowledge.documents.model import (
    Block,
    BlockKind,
    Document,
    Info,
    Limits,
    Ocr,
    Scanned,
)
from voiceassist.knowledge.documents.reader import SUFFIXES, read_document, reader_form

__all__ = [
    "SUFFIXES",
    "Block",
    "BlockKind",
    "Document",
    "Info",
    "Limits",
    "Ocr",
    "Scanned",
    "read_document",
    "reader_form",
]
