"""A document as the library keeps it: one text, and blocks that point into it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.errors import BadInput

BlockKind: TypeAlias = Literal["heading", "paragraph", "item", "row"]


class Ocr(BaseModel):
    """How scanned pages are recognised, by Debian's tesseract.

    `languages` as tesseract names them ("eng+spa"); seconds a page at most, and all pages of a
    document; one with more than `max_pages` pages to recognise is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: Annotated[str, Field(pattern=r"^[a-zA-Z_]{3,16}(\+[a-zA-Z_]{3,16}){0,7}$")] = "eng"
    page_s: float = Field(default=60.0, gt=0)
    document_s: float = Field(default=1800.0, gt=0)
    max_pages: int = Field(default=200, ge=1)


class Limits(BaseModel):
    """What intake accepts. Bytes, characters and pages of one document.

    `max_unpacked` bounds what a compressed container (DOCX) may unfold to. Without `ocr` a scan
    is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = 50_000_000
    max_unpacked: int = 200_000_000
    max_characters: int = 5_000_000
    max_pages: int = 2_000
    ocr: Ocr | None = None


class Info(BaseModel):
    """What is known about a document besides its words; `drugs` are names it declares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    source: str = ""
    specialty: str = ""
    effective: dt.date | None = None
    review: dt.date | None = None
    superseded_by: str = ""
    drugs: tuple[str, ...] = ()


class Scanned(BadInput):
    """A document of images: only recognition could read it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the text: `text[start:end]`.

    `path` holds the headings above, outermost first, without the document's title; `page`
    counts from 1 and is None where the format has no pages; `scanned` text was recognised from
    an image.
    """

    kind: BlockKind
    start: int
    end: int
    path: tuple[str, ...] = ()
    page: int | None = None
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """`id` is a slug that stays the same over versions; `name` the file it came from.

    `unread` counts the pages that hold a picture of text and nothing that could be read.
    """

    id: str
    name: str
    info: Info
    text: str = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    unread: int = 0

    @property
    def title(self) -> str:
        """The title, for a person."""
        return self.info.title
