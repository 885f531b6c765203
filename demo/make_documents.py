"""Make the HTML, DOCX and PDF documents of the demonstration library from Markdown.

`python -m demo.make_documents` writes `demo/library` from `demo/sources/{html,docx,pdf}`; the
same sources give the same bytes. It needs the development dependencies (python-docx, fpdf2);
what it makes is committed, so nobody else needs them.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import itertools
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from voiceassist.console import out

HERE = Path(__file__).parent
NOTICE = "Demonstration document. Not for care."
_ZIP_DATE = (2025, 3, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One source: its front matter, and its blocks as (markdown-it tag, text)."""

    title: str
    source: str
    specialty: str
    effective: dt.date
    notice: str
    blocks: tuple[tuple[str, str], ...]


def read_sheet(text: str) -> Sheet:
    """Parse a source: headings and paragraphs only, which is all they use."""
    _, front, body = text.split("---\n", 2)
    fields = yaml.safe_load(front)
    tokens = MarkdownIt("commonmark").parse(body)
    blocks = tuple(
        (before.tag, token.content)
        for before, token in itertools.pairwise(tokens)
        if token.type == "inline"
    )
    return Sheet(
        title=fields["title"],
        source=fields["source"],
        specialty=fields["specialty"],
        effective=fields["effective"],
        notice=fields["notice"],
        blocks=blocks,
    )


def to_html(sheet: Sheet) -> bytes:
    """A page as a clinic's intranet would serve it, with the furniture that intake must drop."""
    body = "\n".join(f"<{tag}>{html.escape(text)}</{tag}>" for tag, text in sheet.blocks)
    title = html.escape(sheet.title)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta property="og:site_name" content="{html.escape(sheet.source)}">
<style>nav a {{ margin-right: 1em }} footer {{ color: #666 }}</style>
</head>
<body>
<header><p>Staff intranet</p></header>
<nav><a href="/">Home</a><a href="/policies">Policies</a><a href="/rota">Rota</a></nav>
<main>
<article>
{body}
</article>
</main>
<aside>
<h2>Also of interest</h2>
<ul><li><a href="/canteen">This week in the canteen</a></li></ul>
</aside>
<footer>
<p>{sheet.notice}</p>
<p>Effective {sheet.effective}. Pages are printed on request.</p>
</footer>
</body>
</html>
""".encode()


def to_docx(sheet: Sheet) -> bytes:
    """A Word document with real heading styles and the notice in its footer."""
    from docx import Document  # noqa: PLC0415 - a development dependency

    document = Document()
    core = document.core_properties
    core.title, core.author, core.category = sheet.title, sheet.source, sheet.specialty
    core.created = core.modified = dt.datetime.combine(sheet.effective, dt.time(), dt.UTC)
    for tag, text in sheet.blocks:
        if tag == "p":
            document.add_paragraph(text)
        else:
            document.add_heading(text, level=int(tag[1]))
    document.sections[0].footer.paragraphs[0].text = sheet.notice
    made = io.BytesIO()
    document.save(made)
    return _with_fixed_dates(made.getvalue())


def _with_fixed_dates(archive: bytes) -> bytes:
    """The same ZIP with one date on every member, so that equal content is equal bytes."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(fixed, "w") as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, _ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(name))
    return fixed.getvalue()


def to_pdf(sheet: Sheet) -> bytes:
    """A printed sheet; the notice is a section of its own, so no passage carries it along."""
    from fpdf import FPDF  # noqa: PLC0415 - a development dependency

    pdf = FPDF(format="A4")
    pdf.set_title(sheet.title)
    pdf.set_author(sheet.source)
    pdf.set_creation_date(dt.datetime.combine(sheet.effective, dt.time(), dt.UTC))
    pdf.set_margin(22)
    pdf.add_page()
    for tag, text in (*sheet.blocks, ("h2", "About this document"), ("p", sheet.notice)):
        size = {"h1": 18, "h2": 14}.get(tag, 11)
        pdf.ln(3 if tag == "p" else 6)
        pdf.set_font("Helvetica", style="" if tag == "p" else "B", size=size)
        pdf.multi_cell(0, size * 0.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


MAKERS: dict[str, Callable[[Sheet], bytes]] = {"html": to_html, "docx": to_docx, "pdf": to_pdf}


def make_all(target: Path) -> list[Path]:
    """Write every made document into `target` and return their paths."""
    made = []
    for kind, make in MAKERS.items():
        for source in sorted((HERE / "sources" / kind).glob("*.md")):
            path = target / f"{source.stem}.{kind}"
            path.write_bytes(make(read_sheet(source.read_text(encoding="utf-8"))))
            made.append(path)
    return made


if __name__ == "__main__":
    for one in make_all(HERE / "library"):
        out.print(f"{one.relative_to(HERE)}")
