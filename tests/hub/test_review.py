from __future__ import annotations

import re
from typing import Any

import pytest

from hub.documents.judging import judge
from hub.documents.ports import Place
from hub.phi.inspector import DocumentInspector
from voiceassist.contract.verdict import Item
from voiceassist.errors import Unavailable
from voiceassist.phi.policy import PhiPolicy

CLEAN = b"# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"
NAMING = CLEAN + b"\nOur patient Maria Lopez, DOB 03/14/1952, bled on it.\n"
LATER = NAMING + b"\nStop it in kidney failure.\n"


def _held(hub: Any) -> Any:
    hub.rooms.documents.add("gout.md", NAMING, "test")
    hub.index()
    return hub.rooms.documents.get("gout")


async def test_a_document_that_names_a_patient_waits_for_a_release(hub: Any, fail: Any) -> None:
    """It is shown with its findings, is in no edition, and is in the next one once released."""
    headers = await hub.sign_in()
    view = _held(hub)
    assert (view.serving, view.held, view.job.state) == (0, 1, "done")
    assert view.findings >= 2
    assert hub.rooms.documents.serving() == []
    found = (await hub.client.get("/api/v1/documents/gout/findings", headers=headers)).json()
    words = {one["kind"]: one["words"] for one in found["data"]["findings"]}
    assert words["NAME"] == "Maria Lopez"
    assert words["DATE"] == "03/14/1952"
    path = "/api/v1/documents/gout/release"
    fail(await hub.client.post(f"{path}?version=9", headers=headers), 409, "CONFLICT")
    released = await hub.client.post(f"{path}?version=1", headers=headers)
    assert (released.json()["data"]["serving"], released.json()["data"]["held"]) == (1, 0)
    assert len(hub.rooms.documents.serving()) == 1
    fail(await hub.client.post(path, headers=headers), 409, "CONFLICT")
    fail(await hub.client.post("/api/v1/documents/none/release", headers=headers), 404, "NOT_FOUND")


async def test_the_trail_and_the_log_have_kinds_and_counts_only(
    hub: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Who released what is recorded; no word of the patient is, there or in the log."""
    headers = await hub.sign_in()
    _held(hub)
    await hub.client.post("/api/v1/documents/gout/release", headers=headers)
    entries = (await hub.client.get("/api/v1/audit", headers=headers)).json()["data"]
    held, released = (
        next(one for one in entries if one["action"] == f"document.{what}")
        for what in ("held", "released")
    )
    assert held["detail"]["kinds"]["NAME"] == released["detail"]["kinds"]["NAME"] == 1
    assert released["actor"] not in {"", "hub"}
    for text in (str(entries), caplog.text):
        assert "Lopez" not in text
        assert "1952" not in text


def test_a_rollback_brings_back_nothing_that_is_held(hub: Any) -> None:
    """Stricter rules find a patient in what was published: no later edition has it, like or not."""
    inspector = hub.rooms.worker._inspector
    hub.rooms.worker._inspector = DocumentInspector(PhiPolicy())
    hub.rooms.worker._inspector.inspect = lambda _text: ()
    hub.rooms.documents.add("gout.md", NAMING, "test")
    hub.rooms.documents.add("throat.md", CLEAN.replace(b"Gout", b"Throat"), "test")
    hub.index()
    assert hub.rooms.editions.publish("test").documents == 2
    hub.rooms.worker._inspector = inspector
    inspector.name = lambda: "stricter"
    assert hub.rooms.worker.begin()
    assert hub.rooms.worker.refresh() == 2
    hub.rooms.worker.release()
    hub.index()
    assert hub.rooms.documents.get("gout").held
    assert hub.rooms.editions.publish("test", like=1).documents == 1
    hub.rooms.documents.reviews.release("gout", "somebody")
    assert hub.rooms.editions.publish("test", like=1).documents == 2


def test_an_older_version_serves_while_a_newer_one_is_held(hub: Any) -> None:
    """What is published stays; the same words, once released, hold no later version back."""
    hub.rooms.documents.add("gout.md", CLEAN, "test")
    hub.index()
    before = hub.rooms.documents.serving()
    view = _held(hub)
    assert (view.version, view.serving, view.held) == (2, 1, 2)
    assert hub.rooms.documents.serving() == before
    hub.rooms.documents.reviews.release("gout", "test")
    hub.rooms.documents.add("gout.md", LATER, "test")
    hub.index()
    later = hub.rooms.documents.get("gout")
    assert (later.version, later.serving, later.held) == (3, 3, 0)


def test_a_corrected_file_ends_the_review(hub: Any) -> None:
    """Without the patient in it, the next version serves, and nothing waits any more."""
    _held(hub)
    hub.rooms.documents.add("gout.md", CLEAN, "test")
    hub.index()
    view = hub.rooms.documents.get("gout")
    assert (view.serving, view.held) == (2, 0)
    assert hub.rooms.documents.reviews.waiting() == []


def test_a_patient_in_the_files_name_is_found(hub: Any) -> None:
    """A title that comes from the name is judged, too."""
    hub.rooms.documents.add("patient: Maria Lopez.txt", b"Give naproxen.", "test")
    hub.index()
    (held,) = hub.rooms.documents.reviews.waiting()
    found = hub.rooms.documents.reviews.of(held).findings
    assert {one.place for one in found} == {"title or name"}


class _Fails:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def name(self) -> str:
        return "gate"

    def inspect(self, text: str) -> list[Item]:
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("Maria Lopez"), Unavailable("no lexicon; pull")])
def test_a_gate_that_fails_holds_the_document(hub: Any, error: Exception) -> None:
    """Doubt is no clearance; it says so, and is judged again at the next start."""
    worker = hub.rooms.worker
    sound, worker._inspector = worker._inspector, _Fails(error)
    hub.rooms.documents.add("gout.md", CLEAN, "test")
    hub.index()
    assert hub.rooms.documents.serving() == []
    problem = hub.rooms.documents.reviews.of("gout").problem
    assert "gate" in problem
    assert "Lopez" not in problem
    worker._inspector = sound
    assert worker.refresh() == 1
    hub.index()
    view = hub.rooms.documents.get("gout")
    assert (view.version, view.serving, view.held) == (1, 1, 0)


def test_other_rules_or_lists_judge_what_is_there_again(hub: Any) -> None:
    """What then names a patient leaves later editions; the pack's bytes stay what they were."""
    hub.rooms.documents.add("gout.md", CLEAN, "test")
    hub.index()
    (before,) = hub.rooms.documents.serving()
    worker = hub.rooms.worker

    class Stricter(DocumentInspector):
        def name(self) -> str:
            return "stricter"

        def inspect(self, text: str) -> list[Item]:
            return [Item("NAME", 2, 6, 1.0, "test")]

    worker._inspector = Stricter(PhiPolicy())
    assert worker.refresh() == 1
    hub.index()
    assert hub.rooms.documents.serving() == []
    hub.rooms.documents.reviews.release("gout", "test")
    assert hub.rooms.documents.serving() == [before]
    assert worker.refresh() == 0


def test_the_same_words_are_one_finding_at_their_first_place() -> None:
    """A name on every page is looked at once."""

    class Twice:
        def name(self) -> str:
            return "gate"

        def inspect(self, text: str) -> list[Item]:
            return [Item("NAME", 0, 5, 1, "x"), Item("NAME", 10, 15, 1, "x")]

    found = judge(Twice(), "Lopez and LOPEZ", [Place(0, 15, "page 1")]).findings
    assert [(one.start, one.place) for one in found] == [(0, "page 1")]


async def test_the_pages_show_and_release_what_is_held(hub: Any) -> None:
    """A badge leads to the words in question; a release needs the form's own token."""
    code = hub.rooms.auth.issue_code()
    form = {"code": code, "name": "Dana", "email": "d@c.example", "password": "four quiet words x"}
    assert (await hub.client.post("/setup", data=form)).status_code == 303
    _held(hub)
    page = (await hub.client.get("/documents")).text
    assert "held for review" in page
    assert "/documents/gout/review" in page
    sheet = (await hub.client.get("/documents/gout/review")).text
    assert "<mark>Maria Lopez</mark>" in sheet
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', sheet)
    assert csrf is not None
    path = "/documents/gout/release"
    refused = await hub.client.post(path, data={"csrf": "0" * 64, "version": "1"})
    assert refused.status_code == 403
    assert hub.rooms.documents.serving() == []
    done = await hub.client.post(path, data={"csrf": csrf[1], "version": "1"})
    assert done.headers["Location"] == "/documents?done=released"
    assert len(hub.rooms.documents.serving()) == 1
