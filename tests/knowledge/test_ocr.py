from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest

from voiceassist.errors import BadInput, Unavailable
from voiceassist.knowledge.documents import Document, Limits, Ocr, Scanned, read_document
from voiceassist.knowledge.documents.passages import split

SENTENCE = "Give adrenaline 0.5 mg into the thigh and call for help."
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed"
)


def _scan(*, pages: int = 1, typed: str = "", size: tuple[float, float] = (210, 297)) -> bytes:
    """A PDF of page images, behind a page of text where `typed` has one."""
    fpdf = pytest.importorskip("fpdf", reason="fpdf2 is not installed")
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    draw = pytest.importorskip("PIL.ImageDraw")
    font = pytest.importorskip("PIL.ImageFont")
    picture = image.new("L", (1700, 2200), 255)
    pen = draw.Draw(picture)
    pen.text((150, 200), SENTENCE, font=font.load_default(44), fill=0)
    data = io.BytesIO()
    picture.save(data, "PNG")
    pdf = fpdf.FPDF(format=size)
    if typed:
        pdf.add_page()
        pdf.set_font("helvetica", size=12)
        pdf.multi_cell(0, 8, typed)
    for _ in range(pages):
        pdf.add_page()
        pdf.image(io.BytesIO(data.getvalue()), x=0, y=0, w=size[0])
    return bytes(pdf.output())


def _places(document: Document) -> dict[str, str]:
    return {draft.place: draft.text for draft in split(document)}


@needs_tesseract
def test_a_scan_is_recognised_and_says_so() -> None:
    """Its words are quoted with their page, marked as recognised."""
    document = read_document("protocol.pdf", _scan(), Limits(ocr=Ocr()))
    (passage,) = split(document)
    assert passage.place == "page 1 (scanned)"
    assert "adrenaline 0.5 mg into the thigh" in passage.text


@needs_tesseract
def test_only_pages_without_text_are_recognised() -> None:
    """A page with a text layer stays as it is written."""
    typed = "Call the pharmacist before any change of the dose is made."
    document = read_document("protocol.pdf", _scan(typed=typed), Limits(ocr=Ocr()))
    places = _places(document)
    assert places["page 1"] == typed
    assert "adrenaline" in places["page 2 (scanned)"]


def test_without_recognition_a_scan_is_refused_with_what_to_do() -> None:
    """The administrator learns of the setting that would read it."""
    with pytest.raises(Scanned, match=r"protocol\.pdf.*ocr\.enabled"):
        read_document("protocol.pdf", _scan(), Limits())


def test_pages_that_are_left_out_are_counted() -> None:
    """A document that is read in part says how many pages are pictures."""
    document = read_document("protocol.pdf", _scan(pages=2, typed="Wash hands first."), Limits())
    assert document.unread == 2
    assert list(_places(document)) == ["page 1"]


@needs_tesseract
def test_a_page_of_absurd_size_is_rendered_within_bounds() -> None:
    """What a page claims to measure does not decide how much memory it takes."""
    document = read_document("poster.pdf", _scan(size=(5000, 5000)), Limits(ocr=Ocr()))
    assert "scanned" in next(iter(_places(document)))


def test_more_scanned_pages_than_allowed_are_refused() -> None:
    """The limit is named."""
    with pytest.raises(BadInput, match="3 scanned pages, more than 2"):
        read_document("protocol.pdf", _scan(pages=3), Limits(ocr=Ocr(max_pages=2)))


def _pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    command = tmp_path / "tesseract"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")


def test_a_page_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is killed in time, and the page is named."""
    _pretend(tmp_path, monkeypatch, "exec sleep 60")
    with pytest.raises(BadInput, match=r"page 1 can't be recognised in 0\.2 s"):
        read_document("protocol.pdf", _scan(), Limits(ocr=Ocr(page_s=0.2)))


def test_what_it_needs_and_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tesseract, or none for the language: IT learns what to install; the job tries again."""
    _pretend(tmp_path, monkeypatch, "echo 'Failed loading language xyz' >&2; exit 1")
    with pytest.raises(Unavailable, match="tesseract-ocr-LANGUAGE"):
        read_document("protocol.pdf", _scan(), Limits(ocr=Ocr(languages="xyz")))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(Unavailable, match="apt install tesseract-ocr"):
        read_document("protocol.pdf", _scan(), Limits(ocr=Ocr()))
