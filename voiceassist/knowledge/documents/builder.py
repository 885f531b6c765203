"""Readers say what they see, in order; this makes the text and its blocks from it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from voiceassist.knowledge.documents.model import Block, BlockKind

_SPACE = re.compile(r"\s+")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")


def tidy(text: str) -> str:
    """NFC, without control and invisible characters, each run of white space one space."""
    return _SPACE.sub(" ", _UNSEEN.sub("", unicodedata.normalize("NFC", text))).strip()


class TextBuilder:
    """Collects blocks; offsets are exact because the text is only ever appended to."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._page: int | None = None
        self.unread = 0  # pages that hold only a picture
        self._scanned = False

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    def page(self, number: int, *, scanned: bool = False) -> None:
        """What follows stands on page `number`; `scanned` where it was recognised there."""
        self._page, self._scanned = number, scanned

    def heading(self, level: int, text: str) -> None:
        """A heading; it closes those of its level and below."""
        text = tidy(text)
        if not text:
            return
        self._path = [*(one for one in self._path if one[0] < level), (level, text)]
        self._add("heading", text)

    def paragraph(self, text: str) -> None:
        """A paragraph."""
        self._add("paragraph", tidy(text))

    def item(self, text: str) -> None:
        """An item of a list."""
        self._add("item", tidy(text))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """A table whose first row names its columns; each row is text that stands alone.

        "Drug: amoxicillin; Dose: 500 mg" can be quoted aloud, a bare row of cells can't.
        """
        cells = [[tidy(cell) for cell in row] for row in rows]
        cells = [row for row in cells if any(row)]
        if len(cells) == 1:
            self._add("row", "; ".join(cell for cell in cells[0] if cell))
        for row in cells[1:]:
            named = zip(cells[0], row, strict=False)
            self._add("row", "; ".join(f"{k}: {v}" if k else v for k, v in named if v))

    def finish(self, title: str) -> tuple[str, tuple[Block, ...]]:
        """The text and its blocks; a heading that only repeats `title` leaves the paths."""
        blocks = [
            replace(b, path=b.path[1:]) if b.path[:1] == (title,) else b for b in self._blocks
        ]
        return "".join(self._text), tuple(blocks)

    def first_heading(self) -> str:
        """The first heading, or nothing."""
        first = next((b for b in self._blocks if b.kind == "heading"), None)
        return "".join(self._text)[first.start : first.end] if first else ""

    def _add(self, kind: BlockKind, text: str) -> None:
        if not text:
            return
        if self._blocks:
            close = kind in {"item", "row"} and self._blocks[-1].kind == kind
            self._append("\n" if close else "\n\n")
        start = self._length
        self._append(text)
        path = tuple(heading for _, heading in self._path)
        self._blocks.append(Block(kind, start, self._length, path, self._page, self._scanned))

    def _append(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)
