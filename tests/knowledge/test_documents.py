from __future__ import annotations

import datetime as dt
import io
import zipfile

import docx
import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.errors import BadInput
from voiceassist.knowledge.documents import Document, Limits, read_document

LIMITS = Limits()


def read(name: str, data: bytes | str) -> Document:
    return read_document(name, data.encode() if isinstance(data, str) else data, LIMITS)


def blocks(document: Document) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(b.kind, document.text[b.start : b.end], b.path) for b in document.blocks]


def pdf(*, encrypt: bool = False, table: bool = False) -> bytes:
    made = FPDF()
    made.set_title("Sepsis card")
    made.add_page()
    made.set_font("Helvetica", size=20)
    made.cell(text="First hour", new_x="LMARGIN", new_y="NEXT")
    made.set_font("Helvetica", size=11)
    made.multi_cell(0, text="Take blood cultures before antibiotics. Give fluids at 30 ml per kg.")
    made.add_page()
    made.multi_cell(0, text="Call the intensive care unit when lactate stays above 4 mmol per l.")
    if table:
        with made.table() as rows:
            for cells in (("Drug", "Dose"), ("ceftriaxone", "2 g"), ("gentamicin", "5 mg/kg")):
                row = rows.row()
                for cell in cells:
                    row.cell(cell)
    if encrypt:
        made.set_encryption(owner_password="owner", user_password="user")
    return bytes(made.output())


def word() -> bytes:
    made = docx.Document()
    made.core_properties.title = "Heparin"
    made.add_heading("Heparin", level=1)
    made.add_heading("Dosing", level=2)
    made.add_paragraph("Begin with 80 units per kg.")
    made.add_paragraph("Check the aPTT after 6 hours.", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for cell, text in zip(
        [c for row in table.rows for c in row.cells], ["aPTT", "Action", "below 35", "80 units/kg"],
        strict=True,
    ):  # fmt: skip
        cell.text = text
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_markdown_keeps_headings_lists_and_tables_as_words() -> None:
    """Markup is gone from the text, and every block knows the headings above it."""
    text = (
        "# Fever\n\nSource: The clinic\n\n## Children\n\n"
        "Give **paracetamol** [15 mg](x) per kg.\n\n"
        "- Keep cool\n- Drink\n\n| Age | Dose |\n|---|---|\n| 2 years | 180 mg |\n"
    )
    document = read("fever.md", text)
    assert document.title == "Fever"
    assert document.info.source == "The clinic"
    assert blocks(document) == [
        ("heading", "Fever", ()),
        ("heading", "Children", ("Children",)),
        ("paragraph", "Give paracetamol 15 mg per kg.", ("Children",)),
        ("item", "Keep cool", ("Children",)),
        ("item", "Drink", ("Children",)),
        ("row", "Age: 2 years; Dose: 180 mg", ("Children",)),
    ]


def test_front_matter_is_metadata_and_not_text() -> None:
    """Title, dates, drugs and successor come from the front matter; unknown fields don't harm."""
    text = (
        "---\ntitle: Old card\neffective: 2024-05-01\nreview: 2026-05-01\nlayout: wide\n"
        "superseded_by: new-card\ndrugs: Heparin, Alteplase\n---\nWords.\n"
    )
    document = read("cards/old.md", text)
    assert document.text == "Words."
    assert document.id == "cards-old"
    assert document.info.effective == dt.date(2024, 5, 1)
    assert document.info.superseded_by == "new-card"
    assert document.info.drugs == ("Heparin", "Alteplase")


def test_front_matter_with_a_bad_date_names_the_field() -> None:
    """Whoever wrote the file learns which line to mend."""
    with pytest.raises(BadInput, match="'review'"):
        read("a.md", "---\nreview: soon\n---\nWords.\n")


def test_html_loses_its_furniture() -> None:
    """Navigation, banner and footer never become passages."""
    page = (
        "<!doctype html><html><head><title>Croup</title></head><body><nav>Home | Topics</nav>"
        "<main><h1>Croup</h1><h2>Care</h2><p>Croup causes a barking cough in young children, "
        "mostly at night, and most of them get well at home within three days.</p>"
        "<ul><li>Keep the child calm</li></ul></main><footer>Imprint and cookies</footer></body>"
    )
    document = read("croup.html", page)
    assert "barking cough" in document.text
    assert "Keep the child calm" in document.text
    assert "Home" not in document.text
    assert "cookies" not in document.text


def test_word_files_keep_headings_items_and_tables() -> None:
    """A Word file's styles become the document's headings, items and rows."""
    found = blocks(read("heparin.docx", word()))
    assert ("paragraph", "Begin with 80 units per kg.", ("Dosing",)) in found
    assert ("item", "Check the aPTT after 6 hours.", ("Dosing",)) in found
    assert ("row", "aPTT: below 35; Action: 80 units/kg", ("Dosing",)) in found


def test_pdf_keeps_pages_headings_and_tables() -> None:
    """Each block of a PDF knows its page; larger type is a heading; a ruled table is rows."""
    document = read("sepsis.pdf", pdf(table=True))
    assert document.title == "Sepsis card"
    by_text = {document.text[b.start : b.end]: b for b in document.blocks}
    fluids = next(b for text, b in by_text.items() if "30 ml per kg" in text)
    assert (fluids.page, fluids.path) == (1, ("First hour",))
    assert next(b for text, b in by_text.items() if "lactate" in text).page == 2
    assert by_text["Drug: ceftriaxone; Dose: 2 g"].kind == "row"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.xyz", b"words", "no known type"),
        ("a.md", b"  \n", "empty"),
        ("a.md", b"---\ntitle: x\n---\n", "no text"),
        ("a.txt", b"PK\x03\x04 zip", "not"),
        ("a.md", b"%PDF-1.7 words", "not"),
        ("a.txt", b"\xff\xfe\x00w", "not"),
        ("a.pdf", b"just words", "right name"),
        ("a.pdf", b"%PDF-1.7 broken", "damaged"),
        ("a.pdf", pdf(encrypt=True), "encrypted"),
        ("a.pdf", pdf()[:600], "damaged|no text"),
        ("a.docx", b"just words", "damaged"),
        ("a.docx", word()[:900], "damaged"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted"),
        ("a.html", b"plain words", "right name"),
        ("a.html", b"<html>\x00</html>", "right name"),
        ("a.html", b"<html><body></body></html>", "no article|no text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(name: str, data: bytes, says: str) -> None:
    """Empty, damaged, encrypted and mislabelled files are refused in one line naming the file."""
    with pytest.raises(BadInput, match=says) as raised:
        read(name, data)
    assert str(raised.value).startswith("a.")
    assert "\n" not in str(raised.value)


def test_an_oversize_file_is_refused() -> None:
    """The limit in bytes holds before anything is parsed."""
    with pytest.raises(BadInput, match="more than 10"):
        read_document("a.txt", b"more than ten bytes", Limits(max_bytes=10))


def test_too_much_text_is_refused() -> None:
    """The limit in characters holds for what the file unfolds to."""
    with pytest.raises(BadInput, match="characters"):
        read_document("a.txt", b"words " * 50, Limits(max_characters=100))


def test_too_many_pages_are_refused() -> None:
    """The limit in pages holds."""
    with pytest.raises(BadInput, match="2 pages"):
        read_document("a.pdf", pdf(), Limits(max_pages=1))


def test_a_zip_bomb_is_refused_unopened() -> None:
    """A small Word file that would unfold to much is refused by its directory alone."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 5_000_000)
    with pytest.raises(BadInput, match="unfolds"):
        read_document("bomb.docx", file.getvalue(), Limits(max_unpacked=1_000_000))


@given(st.text(min_size=1, max_size=400))
def test_blocks_always_point_at_their_words(text: str) -> None:
    """Whatever is fed in as text or Markdown, offsets stay in order, inside, and not empty."""
    for name in ("a.txt", "a.md"):
        try:
            document = read(name, text.encode("utf-8", "surrogatepass"))
        except BadInput:
            continue
        end = 0
        for block in document.blocks:
            assert end <= block.start < block.end <= len(document.text)
            assert document.text[block.start : block.end].strip()
            end = block.end
