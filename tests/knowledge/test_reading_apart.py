"""Reading in a process of its own, with real parsers and with ones that misbehave."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from voiceassist.errors import BadInput
from voiceassist.knowledge.documents import Document, Limits, Scanned, read_document
from voiceassist.knowledge.documents.apart import ReaderProcess

DEMO = Path(__file__).parents[2] / "demo" / "library"
FILES = sorted(p for p in DEMO.iterdir() if p.suffix in {".pdf", ".docx", ".html"})
TEXT = b"# Gout\n\nGive naproxen 500 mg twice daily.\n"
MISBEHAVING = """
import os, resource, sys, time
from voiceassist.knowledge.documents import child
inner = child.answer
def answer(name, data, limits):
    if name == "hang.md":
        time.sleep(600)
    if name == "crash.md":
        os.abort()
    if name == "greedy.md":
        bytearray(8 << 30)
    return inner(name, data, limits)
def careful(name, data, limits):
    try:
        return answer(name, data, limits)
    except MemoryError:
        return {"refused": f"{name}: too much memory"}
child.answer = careful
child.main(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def apart() -> Iterator[ReaderProcess]:
    reader = ReaderProcess(60, 1536 << 20)
    yield reader
    reader.close()


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReaderProcess]:
    (tmp_path / "misbehaving_reader.py").write_text(MISBEHAVING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    reader = ReaderProcess(5.0, 2 << 30, module="misbehaving_reader")
    yield reader
    reader.close()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reading_apart_gives_the_same_document(apart: ReaderProcess, path: Path) -> None:
    """Nothing is lost on the way between the processes."""
    data = path.read_bytes()
    assert apart(path.name, data, Limits()) == read_document(path.name, data, Limits())


def test_refusals_come_through_in_their_own_kind(apart: ReaderProcess) -> None:
    """What the reader says of a file is what the administrator reads."""
    with pytest.raises(BadInput, match=r"^a\.pdf: named a PDF, but its content is not"):
        apart("a.pdf", b"text", Limits())
    with pytest.raises(Scanned, match=r"ocr\.enabled"):
        apart("a.pdf", _blank(), Limits())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "why"), [("hang.md", "too long"), ("crash.md", "crash"), ("greedy.md", "memory")]
)
def test_a_file_that_harms_its_reader_is_refused_and_the_next_is_read(
    misbehaving: ReaderProcess, name: str, why: str
) -> None:
    """Hang, crash or greed: the caller gets a refusal in time, and the reader lives on."""
    began = time.monotonic()
    with pytest.raises(BadInput, match=rf"^{name}.*{why}"):
        misbehaving(name, TEXT, Limits())
    assert time.monotonic() - began < 15
    assert misbehaving("gout.md", TEXT, Limits()).title == "Gout"


def test_a_reader_killed_between_two_files_is_made_anew(apart: ReaderProcess) -> None:
    """Whatever killed it, the next file is read."""
    apart("gout.md", TEXT, Limits())
    assert apart._process is not None
    os.killpg(apart._process.pid, signal.SIGKILL)
    apart._process.wait()
    assert apart("gout.md", TEXT, Limits()).title == "Gout"


def _flipped(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice([1, 4, 32])):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def _doubled(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    data[start:start] = data[start : start + rng.randrange(1, 2000)] * rng.choice([1, 50])


def _holed(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randrange(1, 500)]


def _renumbered(rng: random.Random, data: bytearray) -> None:
    digits = [at for at, byte in enumerate(data) if chr(byte).isdigit()]
    for _ in range(rng.choice([1, 8])):
        data[rng.choice(digits)] = rng.choice(b"0123456789-")


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flipped, _cut, _doubled, _holed, _renumbered,
)  # fmt: skip
RUNS = int(os.environ.get("FUZZ_RUNS", "30"))


@pytest.mark.slow
@pytest.mark.timeout(0 if RUNS > 100 else 300)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_mutated_file_is_read_or_refused(apart: ReaderProcess, path: Path) -> None:
    """No damage makes another failure than a refusal, or a document with a wrong offset."""
    for seed in range(RUNS):
        rng = random.Random(f"{path.name} {seed}")
        data = bytearray(path.read_bytes())
        rng.choice(MUTATIONS)(rng, data)
        document, refusal = _outcome(apart, path.name, bytes(data))
        assert not refusal or (refusal.startswith(path.name) and "\n" not in refusal), seed
        for block in document.blocks if document else ():
            assert 0 <= block.start < block.end <= len(document.text), seed


def _outcome(apart: ReaderProcess, name: str, data: bytes) -> tuple[Document | None, str]:
    try:
        return apart(name, data, Limits()), ""
    except BadInput as error:
        return None, str(error)


def _blank() -> bytes:
    fpdf = pytest.importorskip("fpdf", reason="fpdf2 is not installed")
    pdf = fpdf.FPDF()
    pdf.add_page()
    return bytes(pdf.output())
