"""Scanned pages to text, by Debian's tesseract as a process of its own."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

from voiceassist.errors import BadInput, Unavailable
from voiceassist.knowledge.documents.model import Ocr

_DPI = 300
_POINTS = 72  # an inch
_MOST_PIXELS = 30_000_000  # A3 at 300 dpi is half of it
_COMMAND = "tesseract"


def scanned(pdf: Any, pages: Sequence[Sequence[object]]) -> list[int]:
    """The numbers, from 1, of the pages that have no text layer and some image."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - only the hub installs it

    bare = [number for number, lines in enumerate(pages, start=1) if not lines]
    image = [pdfium.FPDF_PAGEOBJ_IMAGE]
    return [n for n in bare if any(True for _ in pdf[n - 1].get_objects(filter=image))]


def recognised(name: str, pdf: Any, scans: Sequence[int], ocr: Ocr) -> dict[int, str]:
    """The text of the pages `scans`, by number, where there is some.

    Raises `BadInput` for too many pages or too long a work, `Unavailable` without tesseract.
    """
    if len(scans) > ocr.max_pages:
        raise BadInput(f"{name}: {len(scans)} scanned pages, more than {ocr.max_pages}; split it")
    until = time.monotonic() + ocr.document_s
    texts = {}
    for number in scans:
        if time.monotonic() > until:
            raise BadInput(f"{name}: recognising it takes too long; split it")
        texts[number] = _read(f"{name}: page {number}", _picture(pdf[number - 1]), ocr)
    return {number: text for number, text in texts.items() if text.strip()}


def _picture(page: Any) -> bytes:
    """The page in grey, as a PGM file, of bounded size however large the page claims to be."""
    width, height = page.get_size()
    scale = min(_DPI / _POINTS, math.sqrt(_MOST_PIXELS / max(width * height, 1.0)))
    pixels = page.render(scale=scale, grayscale=True).to_numpy()
    rows, columns = pixels.shape[:2]
    return b"P5 %d %d 255\n" % (columns, rows) + bytes(pixels.tobytes())


def _read(where: str, picture: bytes, ocr: Ocr) -> str:
    command = [_COMMAND, "stdin", "stdout", "-l", ocr.languages]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; languages are checked by `Ocr`
            command, input=picture, capture_output=True, timeout=ocr.page_s, env=environment,
            check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise Unavailable(
            "tesseract is not installed; run `apt install tesseract-ocr`, or turn ocr.enabled off"
        ) from error
    except subprocess.TimeoutExpired as error:  # it was killed
        raise BadInput(f"{where} can't be recognised in {ocr.page_s:g} s; scan it anew") from error
    if done.returncode and b"language" in done.stderr:
        raise Unavailable(
            f"tesseract lacks a language of ocr.languages ({ocr.languages}); install "
            "tesseract-ocr-LANGUAGE"
        )
    if done.returncode:
        raise BadInput(f"{where} can't be recognised; scan it anew")
    return done.stdout.decode(errors="replace").replace("\f", "")
