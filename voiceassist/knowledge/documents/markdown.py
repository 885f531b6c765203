"""Markdown and plain text, with the base installation alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import ValidationError

from voiceassist.errors import BadInput
from voiceassist.knowledge.documents.builder import TextBuilder, tidy
from voiceassist.knowledge.documents.model import Info

_FRONT = re.compile(r"\A---[ \t]*\n(.{0,8000}?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_SOURCE = re.compile(r"Source:\s*(.+)", re.IGNORECASE)
_UNDERLINE = re.compile(r"^[=\-~*]{3,}$")


def read_markdown(name: str, text: str, builder: TextBuilder) -> Info:
    """Read CommonMark with tables and front matter; raises `BadInput` for bad front matter."""
    info, body = front_matter(name, text)
    walk = _Walk(builder)
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        walk.see(token)
    return info if info.source else info.model_copy(update={"source": walk.source})


def front_matter(name: str, text: str) -> tuple[Info, str]:
    """Metadata between two `---` lines at the top (YAML), and what follows it."""
    found = _FRONT.match(text)
    if found is None:
        return Info(), text
    try:
        fields = yaml.safe_load(found[1]) or {}
        if not isinstance(fields, dict):
            raise BadInput(f"{name}: the front matter is no list of `key: value` lines; mend it")
        return Info.model_validate(_known(fields)), text[found.end() :]
    except yaml.YAMLError as error:
        raise BadInput(f"{name}: the front matter is not valid YAML; mend it") from error
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput(f"{name}: front matter {field!r} has no valid value; mend it") from error


def read_text(text: str, builder: TextBuilder) -> None:
    """Plain text: paragraphs by blank lines, headings by an underline, items by a bullet."""
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = [line.strip() for line in part.strip().split("\n")]
        if len(lines) > 1 and _UNDERLINE.match(lines[1]):
            builder.heading(1 if lines[1][0] == "=" else 2, lines[0])
            lines = lines[2:]
        _text_lines(lines, builder)


def _text_lines(lines: list[str], builder: TextBuilder) -> None:
    flow: list[str] = []
    for line in lines:
        bullet = re.match(r"(?:[-*•‣◦]|\d{1,2}[.)])\s+(.+)", line)
        if bullet:
            builder.paragraph(" ".join(flow))
            flow = []
            builder.item(bullet[1])
        else:
            flow.append(line)
    builder.paragraph(" ".join(flow))


def _known(fields: dict[object, object]) -> dict[str, object]:
    """Fields that are metadata of ours; others (a generator's) are left aside."""
    known = {str(k): v for k, v in fields.items() if str(k) in Info.model_fields and v is not None}
    for key in ("title", "source", "specialty", "superseded_by"):
        # a number is meant as text; a list is an error, and as text may unfold without end
        if key in known and not isinstance(known[key], list | dict):
            known[key] = str(known[key])
    drugs = known.get("drugs")
    if isinstance(drugs, str):
        known["drugs"] = [one.strip() for one in drugs.split(",") if one.strip()]
    return known


class _Walk:
    """Markdown's tokens to blocks."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._heading = 0
        self._items = 0
        self._rows: list[list[str]] | None = None
        self._seen = 0
        self.source = ""

    def see(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._heading = int(token.tag[1])
            case "list_item_open":
                self._items += 1
            case "list_item_close":
                self._items -= 1
            case "table_open":
                self._rows = []
            case "tr_open" if self._rows is not None:
                self._rows.append([])
            case "table_close" if self._rows is not None:
                self._builder.table(self._rows)
                self._rows = None
            case "inline":
                self._words(_plain(token))
            case "code_block" | "fence":
                self._words(token.content)
            case "html_block":
                self._words(_without_tags(token.content))

    def _words(self, text: str) -> None:
        if self._rows is not None:
            self._rows[-1].append(text)
        elif self._heading:
            self._builder.heading(self._heading, text)
            self._heading = 0
        elif self._items:
            self._builder.item(text)
        elif self._seen < _HEAD and (source := _SOURCE.fullmatch(tidy(text))):
            self.source = source[1]
        else:
            self._builder.paragraph(text)
        self._seen += 1


_HEAD = 2  # a "Source:" line is metadata when it stands right under the title


def _plain(inline: Token) -> str:
    parts = []
    for child in inline.children or ():
        if child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.type in {"text", "code_inline", "image"}:
            parts.append(child.content)
    return "".join(parts)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _without_tags(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return " ".join(parser.parts)
