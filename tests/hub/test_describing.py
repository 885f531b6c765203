from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from hub.documents.describing import check_description, read_sidecar
from hub.documents.watch import FolderWatch
from hub.errors import BadField
from voiceassist.errors import BadInput
from voiceassist.knowledge.editions.packs import read_pack

TEXT = b"# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"
OTHER = b"# Gout anew\n\nGive colchicine 500 micrograms twice daily.\n"


def _pack(hub: Any, document: str) -> Any:
    (served,) = (one for one in hub.rooms.documents.serving() if one.ref.document == document)
    return read_pack(hub.rooms.packs.get(served.ref.sha256), served.ref).header


async def test_an_administrators_word_wins_over_the_files(hub: Any) -> None:
    """It makes a new version with the same file; null takes back to what the file says."""
    headers = await hub.sign_in()
    hub.rooms.documents.add("gout.txt", b"Give naproxen 500 mg twice daily.", "test")
    hub.index()
    path = "/api/v1/documents/gout"
    said = {"title": "Gout in adults", "specialty": "rheumatology", "review": "2020-01-31"}
    answer = await hub.client.patch(path, headers=headers, json=said)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["version"] == 2
    hub.index()
    info = _pack(hub, "gout").info
    assert (info.title, info.specialty, info.review) == (
        "Gout in adults", "rheumatology", dt.date(2020, 1, 31),
    )  # fmt: skip
    view = hub.rooms.documents.get("gout")
    assert view.title == "Gout in adults"
    assert any("2020-01-31" in note for note in view.notes)
    again = await hub.client.patch(path, headers=headers, json=said)
    assert again.json()["data"]["version"] == 2
    await hub.client.patch(path, headers=headers, json={"title": None})
    hub.index()
    assert _pack(hub, "gout").info.title == "Gout"
    assert _pack(hub, "gout").info.specialty == "rheumatology"


async def test_only_what_a_new_title_changes_is_embedded_anew(hub: Any) -> None:
    """A review date embeds nothing; a title, which stands in every passage's context, does."""
    embedded: list[str] = []
    embedder = hub.rooms.embedding.get()
    embed = embedder.embed
    embedder.embed = lambda texts: embedded.extend(texts) or embed(texts)
    hub.rooms.documents.add("gout.md", TEXT, "test")
    hub.index()
    assert embedded
    embedded.clear()
    hub.rooms.documents.describe("gout", {"review": "2030-01-01"}, "test")
    hub.index()
    assert embedded == []
    hub.rooms.documents.describe("gout", {"title": "Gout in adults"}, "test")
    hub.index()
    assert embedded


WRONG = [
    ("superseded_by", "nothing-like-it"),
    ("superseded_by", "gout"),
    ("effective", "next week"),
    ("title", ""),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
async def test_what_can_not_be_said_is_refused_by_field(
    hub: Any, fail: Any, field: str, value: str
) -> None:
    """The error names the field, and nothing changes."""
    headers = await hub.sign_in()
    hub.rooms.documents.add("gout.md", TEXT, "test")
    answer = await hub.client.patch("/api/v1/documents/gout", headers=headers, json={field: value})
    assert field in fail(answer, 422, "VALIDATION_ERROR")["field"]
    assert hub.rooms.documents.get("gout").version == 1


def test_documents_do_not_supersede_each_other_in_a_ring() -> None:
    """However long the way back is; a ring that files made elsewhere ends the walk, too."""
    after = {"a": "", "b": "c", "c": "a", "x": "y", "y": "x"}
    with pytest.raises(BadField, match="take that back"):
        check_description("a", {"superseded_by": "b"}, after)
    check_description("a", {"superseded_by": "x"}, after)
    check_description("b", {"superseded_by": "a"}, after)


def test_a_file_beside_a_document_describes_it(hub: Any, tmp_path: Path) -> None:
    """A sidecar is taken with its file; a change of it alone is a new version; admins still win."""
    watch = FolderWatch(tmp_path, hub.rooms.documents)
    (tmp_path / "gout.md").write_bytes(TEXT)
    (tmp_path / "gout.md.yaml").write_text("specialty: rheumatology\nreview: 2031-05-01\n")
    watch.look()
    watch.look()
    hub.index()
    view = hub.rooms.documents.get("gout")
    assert (view.specialty, view.review) == ("rheumatology", dt.date(2031, 5, 1))
    hub.rooms.documents.describe("gout", {"specialty": "family practice"}, "test")
    hub.index()
    (tmp_path / "gout.md.yaml").write_text("specialty: surgery\nreview: 2032-05-01\n")
    watch.look()
    watch.look()
    hub.index()
    view = hub.rooms.documents.get("gout")
    assert (view.version, view.specialty, view.review) == (
        3, "family practice", dt.date(2032, 5, 1),
    )  # fmt: skip
    assert hub.rooms.documents.count() == 1


@pytest.mark.parametrize(
    "data", [b"title: [", b"- a", b"colour: red", b"review: soon", b"\xff\xfe"]
)
def test_a_sidecar_that_says_nothing_sound_is_refused(data: bytes) -> None:
    """One line names the file and what is wrong in it."""
    with pytest.raises(BadInput, match=r"gout\.pdf\.yaml"):
        read_sidecar("gout.pdf", data)


def test_a_successor_that_is_gone_is_told(hub: Any) -> None:
    """Whoever removes a successor sees which documents name it."""
    hub.rooms.documents.add("gout.md", TEXT, "test")
    hub.rooms.documents.add("gout-anew.md", OTHER, "test")
    hub.rooms.documents.describe("gout", {"superseded_by": "gout-anew"}, "test")
    hub.index()
    assert hub.rooms.documents.get("gout").notes == ()
    hub.rooms.documents.remove("gout-anew", "test")
    assert any("gout-anew" in note for note in hub.rooms.documents.get("gout").notes)


def test_pages_that_were_not_read_are_told(hub: Any) -> None:
    """A document that holds pictures of text says so, by number, beside its name."""
    fpdf = pytest.importorskip("fpdf", reason="fpdf2 is not installed")
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.multi_cell(0, 8, TEXT.decode())
    pdf.add_page()
    pdf.image(image.new("L", (400, 300), 128), x=0, y=0, w=200)
    hub.rooms.documents.add("gout.pdf", bytes(pdf.output()), "test")
    hub.index()
    (note,) = hub.rooms.documents.get("gout").notes
    assert note.startswith("1 page is a picture")


async def test_the_form_sets_only_what_was_changed(hub: Any) -> None:
    """What the file said and nobody touched still follows the file."""
    code = hub.rooms.auth.issue_code()
    form = {"code": code, "name": "Dana", "email": "d@c.example", "password": "four quiet words x"}
    await hub.client.post("/setup", data=form)
    hub.rooms.documents.add("gout.md", TEXT, "test")
    hub.index()
    page = (await hub.client.get("/documents/gout/describe")).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert csrf is not None
    said = {"csrf": csrf[1], "title": "Gout", "specialty": "rheumatology"}
    done = await hub.client.post("/documents/gout/describe", data=said)
    assert done.headers["Location"] == "/documents?done=described"
    hub.rooms.documents.add("gout.md", TEXT.replace(b"# Gout", b"# Gout, acute"), "test")
    hub.index()
    view = hub.rooms.documents.get("gout")
    assert (view.title, view.specialty) == ("Gout, acute", "rheumatology")
    wrong = await hub.client.post(
        "/documents/gout/describe", data={**said, "superseded_by": "nothing"}
    )
    assert wrong.status_code == 422
    assert "no document nothing" in wrong.text
