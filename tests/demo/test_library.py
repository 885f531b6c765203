from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from demo.make_documents import HERE, NOTICE, make_all
from voiceassist.knowledge.documents import Document, Limits, read_document

LIBRARY = sorted((HERE / "library").iterdir())
SOURCES = sorted((HERE / "library").glob("*.md")) + sorted((HERE / "sources").glob("*/*.md"))


def read(path: Path) -> Document:
    return read_document(path.name, path.read_bytes(), Limits())


def front_matter(path: Path) -> tuple[dict[str, object], str]:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def test_there_are_enough_documents_of_every_kind() -> None:
    """The library has some thirty documents, in Markdown, HTML, Word and PDF."""
    kinds = Counter(path.suffix for path in LIBRARY)
    assert len(LIBRARY) >= 30
    assert all(kinds[kind] >= 3 for kind in (".html", ".docx", ".pdf"))
    assert set(kinds) == {".md", ".html", ".docx", ".pdf"}


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_each_document_is_read_with_title_and_sections(path: Path) -> None:
    """Intake reads each document: its title, its sections, and no page furniture."""
    document = read(path)
    assert document.title
    assert len({block.path for block in document.blocks}) >= 3
    for furniture in ("canteen", "Rota", "Staff intranet", "printed on request"):
        assert furniture not in document.text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_each_source_is_complete_and_marked(path: Path) -> None:
    """Each source says once that it is not for care, when it was in force and its drugs."""
    fields, body = front_matter(path)
    assert fields["notice"] == NOTICE
    assert NOTICE not in body
    assert {"title", "source", "specialty", "effective", "review"} <= set(fields)
    drugs = [one.strip() for one in str(fields["drugs"] or "").split(",") if one.strip()]
    assert [drug for drug in drugs if drug.lower() not in body.lower()] == []


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_the_notice_is_never_part_of_an_answer(path: Path) -> None:
    """The notice stands in no passage together with clinical words."""
    document = read(path)
    with_notice = [b for b in document.blocks if NOTICE in document.text[b.start : b.end]]
    assert all(document.text[b.start : b.end] == NOTICE for b in with_notice)


def test_made_documents_are_what_their_sources_make(tmp_path: Path) -> None:
    """HTML, Word and PDF files are the same bytes when made again."""
    for made in make_all(tmp_path):
        assert made.read_bytes() == (HERE / "library" / made.name).read_bytes(), made.name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acetaminophen-doses.md", "in a healthy adult is 4 g in 24 hours"),
        ("acetaminophen-doses.md", "is 2 g in adults with chronic liver disease"),
        ("anaphylaxis.md", "0.5 mg into the muscle, which is 0.5 mL of the 1 mg/mL solution"),
        ("enoxaparin-kidney.pdf", "1 mg/kg once daily for treatment of thrombosis"),
        ("metformin-kidney-contrast.md", "Do not give metformin when eGFR is below 30"),
        ("otitis-media-children.md", "80 to 90 mg/kg a day, divided into two doses"),
        ("clarithromycin-statins.md", "the two must not be given together"),
    ],
)
def test_what_matters_most_reads_as_written(name: str, words: str) -> None:
    """Doses and contraindications survive intake word for word."""
    assert words in read(HERE / "library" / name).text
