from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.documents.catalogue import Catalogue
from hub.documents.queue import Queue, WorkLock
from hub.documents.service import clean_name
from hub.documents.watch import FolderWatch
from hub.documents.worker import MOST_ATTEMPTS, Worker
from hub.indexing import KnowledgeIndexer
from hub.phi.inspector import DocumentInspector
from hub.storage.blobs import Blobs
from voiceassist.errors import BadInput, Unavailable, Unverified
from voiceassist.knowledge.documents import Limits, Ocr, passages, reader
from voiceassist.knowledge.editions import packs
from voiceassist.phi.policy import PhiPolicy

TEXT = b"# Anaphylaxis\n\nGive adrenaline 0.5 mg into the thigh. Call for help.\n"
NEWER = b"# Anaphylaxis\n\nGive adrenaline 0.5 mg into the thigh at once. Call for help.\n"


async def _upload(hub: Any, headers: Any, name: str, data: bytes) -> Any:
    return await hub.client.post("/api/v1/documents", headers=headers, files={"file": (name, data)})


async def test_a_document_is_taken_in_indexed_and_listed(hub: Any) -> None:
    """From upload to passages: what an administrator adds is searchable in the end."""
    headers = await hub.sign_in()
    taken = await _upload(hub, headers, "anaphylaxis.md", TEXT)
    assert taken.status_code == 202
    assert taken.json()["data"]["document"]["job"]["state"] == "queued"
    hub.index()
    answer = await hub.client.get("/api/v1/documents", headers=headers)
    (document,) = answer.json()["data"]
    assert document["title"] == "Anaphylaxis"
    assert document["job"] == {"state": "done", "progress": 100, "attempts": 1, "error": ""}
    assert document["passages"] >= 1
    assert answer.json()["metadata"]["pagination"] == {"page": 1, "size": 50, "total": 1}
    one = await hub.client.get(f"/api/v1/documents/{document['id']}", headers=headers)
    assert one.json()["data"] == document


async def test_the_same_file_again_does_no_work(hub: Any) -> None:
    """Adding what is there already changes nothing, under its name or another."""
    headers = await hub.sign_in()
    await _upload(hub, headers, "anaphylaxis.md", TEXT)
    hub.index()
    for name in ("anaphylaxis.md", "copy.md"):
        again = await _upload(hub, headers, name, TEXT)
        assert again.status_code == 200
        assert again.json()["data"]["new"] is False
    assert hub.rooms.queue.waiting() == 0
    assert hub.rooms.documents.count() == 1


async def test_a_changed_file_is_a_new_version(hub: Any) -> None:
    """The same name with other content replaces what serves, once it is indexed."""
    headers = await hub.sign_in()
    await _upload(hub, headers, "anaphylaxis.md", TEXT)
    hub.index()
    await _upload(hub, headers, "anaphylaxis.md", NEWER)
    before = hub.rooms.documents.get("anaphylaxis")
    assert (before.version, before.serving) == (2, 1)
    hub.index()
    after = hub.rooms.documents.get("anaphylaxis")
    assert (after.version, after.serving) == (2, 2)


_PDF = Path(__file__).parents[2] / "demo" / "library" / "sore-throat.pdf"
BAD = [
    ("empty.md", b""),
    ("picture.png", b"\x89PNG\r\n"),
    ("no-name", b"text"),
    ("fake.pdf", b"this is no PDF"),
    ("broken.pdf", b"%PDF-1.7\n" + b"\x00" * 200),
    ("fake.docx", b"PK\x03\x04 but not really"),
    ("fake.txt", b"%PDF-1.7 in disguise"),
    ("blank.md", b"   \n\n  "),
    ("../../etc/passwd", b"root"),
]


@pytest.mark.parametrize(("name", "data"), BAD)
async def test_a_bad_file_is_refused_with_its_reason_and_nothing_is_kept(
    hub: Any, fail: Any, name: str, data: bytes
) -> None:
    """What can't be read is told at once, by name, and leaves no trace."""
    headers = await hub.sign_in()
    error = fail(await _upload(hub, headers, name, data), 422, "VALIDATION_ERROR")
    assert Path(name).name in error["message"]
    assert hub.rooms.documents.count() == 0
    assert not (hub.container.settings.data_dir / "content").exists()


async def test_an_upload_without_a_file_is_refused(hub: Any, fail: Any) -> None:
    """The error names the field that lacks."""
    headers = await hub.sign_in()
    answer = await hub.client.post("/api/v1/documents", headers=headers, data={"other": "x"})
    assert fail(answer, 422, "VALIDATION_ERROR")["field"] == "file"


async def test_a_removed_document_leaves_the_next_edition(hub: Any, fail: Any) -> None:
    """Removing takes effect at the next publication, and coming back is a later version."""
    headers = await hub.sign_in()
    await _upload(hub, headers, "anaphylaxis.md", TEXT)
    hub.index()
    path = "/api/v1/documents/anaphylaxis"
    assert (await hub.client.delete(path, headers=headers)).status_code == 200
    assert hub.rooms.documents.serving() == []
    fail(await hub.client.delete(path, headers=headers), 404, "NOT_FOUND")
    fail(await hub.client.get(path, headers=headers), 404, "NOT_FOUND")
    await _upload(hub, headers, "anaphylaxis.md", TEXT)
    assert hub.rooms.documents.get("anaphylaxis").version == 2


class _Flaky:
    """An indexer that fails as it is told to."""

    def __init__(self, inner: KnowledgeIndexer, failures: list[Exception]) -> None:
        self.inner = inner
        self.failures = failures

    def recipe(self, name: str) -> str:
        return self.inner.recipe(name)

    def index(self, *arguments: Any) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        return self.inner.index(*arguments)


class _Bench:
    """The worker with hands on its clock and indexer."""

    def __init__(self, rooms: Any, failures: list[Exception]) -> None:
        self.rooms = rooms
        self.now_ms = 1_000
        data = rooms.settings.data_dir
        self.indexer = _Flaky(KnowledgeIndexer(rooms.embedding.get, Limits()), failures)
        self.inspector = DocumentInspector(PhiPolicy())
        self.lock = WorkLock(data / "bench.lock")
        self.worker = Worker(
            Queue(rooms.database),
            self.lock,
            Blobs(data / "content"),
            Blobs(data / "packs"),
            self.indexer,
            self.inspector,
            rooms.audit,
            lambda: self.now_ms,
        )

    def job(self, document: str) -> Any:
        return Catalogue(self.rooms.database).get(document).job  # type: ignore[union-attr]


def test_what_may_pass_is_tried_again_later(rooms: Any) -> None:
    """A missing model or a busy disk delays a job, with its reason shown meanwhile."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    bench = _Bench(rooms, [Unavailable("no model; pull it"), OSError("disk")])
    assert bench.worker.step()
    job = bench.job("anaphylaxis")
    assert (job.state, job.error) == ("queued", "no model; pull it")
    assert not bench.worker.step()
    bench.now_ms += 5_000
    assert bench.worker.step()
    assert "log tells why" in bench.job("anaphylaxis").error
    bench.now_ms += 10_000
    assert bench.worker.step()
    assert bench.job("anaphylaxis").state == "done"


def test_a_job_ends_after_its_attempts(rooms: Any) -> None:
    """A job that never succeeds ends as failed and says why."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    bench = _Bench(rooms, [Unavailable("no model; pull it")] * MOST_ATTEMPTS)
    for _ in range(MOST_ATTEMPTS):
        assert bench.worker.step()
        bench.now_ms += 10**9
    assert bench.job("anaphylaxis").state == "failed"
    assert not bench.worker.step()


def test_a_failed_re_index_leaves_the_old_version_serving(rooms: Any) -> None:
    """Rooms keep what they have until its successor is whole."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    bench = _Bench(rooms, [])
    bench.worker.step()
    served = rooms.documents.serving()
    rooms.documents.add("anaphylaxis.md", NEWER, "test")
    bench.indexer.failures.append(BadInput("damaged"))
    bench.worker.step()
    view = rooms.documents.get("anaphylaxis")
    assert (view.version, view.serving, view.job.state) == (2, 1, "failed")
    assert rooms.documents.serving() == served
    again = rooms.documents.add("anaphylaxis.md", NEWER, "test")
    assert again.new
    assert again.document.version == 3


def test_a_job_cut_off_is_done_after_the_restart(rooms: Any) -> None:
    """A process that dies while it indexes loses nothing."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    assert Queue(rooms.database).claim(10**15) is not None
    bench = _Bench(rooms, [])
    assert not bench.worker.step()
    assert bench.worker.begin()
    assert bench.worker.step()
    bench.worker.release()
    assert bench.job("anaphylaxis").state == "done"


def test_one_process_works_on_the_queue_at_a_time(tmp_path: Path) -> None:
    """The command line does not take jobs from a running hub, and can once it has ended."""
    hub, command = WorkLock(tmp_path / "lock"), WorkLock(tmp_path / "lock")
    assert hub.take()
    assert not command.take()
    hub.release()
    assert command.take()
    command.release()


def test_another_embedding_model_re_indexes_everything(rooms: Any, embedders: Any) -> None:
    """Changed settings apply to what is there already, as new versions of the same files."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    bench = _Bench(rooms, [])
    bench.worker.step()
    other = KnowledgeIndexer(lambda: embedders("other"), Limits())
    bench.indexer.inner = other
    assert bench.worker.refresh() == 1
    bench.worker.step()
    (served,) = rooms.documents.serving()
    assert (served.embedding.model, served.ref.version) == ("other", 2)
    assert bench.worker.refresh() == 0


@pytest.mark.parametrize("changed", ["passages", "reader", "ocr", "pack"])
def test_whatever_decides_a_pack_re_indexes_what_it_decides(
    rooms: Any, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """Other passages or another pack's form index all anew, a reader's own change its files."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    rooms.documents.add("sepsis.pdf", _PDF.read_bytes(), "test")
    bench = _Bench(rooms, [])
    while bench.worker.step():
        pass
    assert bench.worker.refresh() == 0
    match changed:
        case "passages":
            monkeypatch.setattr(passages, "WORDS", 90)
        case "reader":
            monkeypatch.setitem(reader._FORMS, "markdown", 99)
        case "ocr":
            bench.indexer.inner = KnowledgeIndexer(rooms.embedding.get, Limits(ocr=Ocr()))
        case "pack":
            monkeypatch.setattr(packs, "_LEVEL", 3)
    anew = bench.worker.refresh()
    assert anew == (1 if changed in {"reader", "ocr"} else 2)
    assert bench.worker.refresh() == 0
    while bench.worker.step():
        pass
    versions = {one.ref.document: one.ref.version for one in rooms.documents.serving()}
    assert sum(versions.values()) == 2 + anew
    if changed == "ocr":
        assert versions["sepsis"] == 2
    assert bench.worker.refresh() == 0


def test_a_re_index_that_failed_is_tried_again_at_the_next_start(rooms: Any) -> None:
    """What serves meanwhile is what served, and the version that failed is not lost."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    bench = _Bench(rooms, [])
    bench.worker.step()
    served = rooms.documents.serving()
    rooms.documents.add("anaphylaxis.md", NEWER, "test")
    bench.indexer.failures.append(Unverified("altered; add it again"))
    bench.worker.step()
    assert rooms.documents.serving() == served
    assert bench.worker.refresh() == 0  # nothing changed that would mend it
    bench.indexer.inner = KnowledgeIndexer(rooms.embedding.get, Limits())
    bench.inspector._policy = PhiPolicy(max_characters=1999)
    assert bench.worker.refresh() == 1
    bench.worker.step()
    view = rooms.documents.get("anaphylaxis")
    assert (view.version, view.serving) == (2, 2)


def test_a_removed_document_is_not_revived_by_its_job(rooms: Any) -> None:
    """Removing wins over an indexing that was under way."""
    rooms.documents.add("anaphylaxis.md", TEXT, "test")
    queue = Queue(rooms.database)
    task = queue.claim(10**15)
    assert task is not None
    rooms.documents.remove("anaphylaxis", "test")
    queue.fail(task, "late", 5)
    queue.progress(task, 50)
    assert queue.waiting() == 0
    assert rooms.documents.serving() == []


def test_blobs_are_whole_or_not_there(tmp_path: Path) -> None:
    """What was altered on the disk is noticed, and nothing half-written has a name."""
    blobs = Blobs(tmp_path)
    name = blobs.put(b"content")
    assert blobs.put(b"content") == name
    assert blobs.get(name) == b"content"
    blobs.path(name).write_bytes(b"altered")
    with pytest.raises(Unverified, match="altered"):
        blobs.get(name)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [name]


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("a.md", "a.md"),
        ("/etc/a.md", "etc/a.md"),
        ("../../a.md", "a.md"),
        ("C:\\notes\\a.md", "C:/notes/a.md"),
        ("./x/../a.md", "x/a.md"),
    ],
)
def test_a_name_stays_inside(given: str, clean: str) -> None:
    """No name leads out of the library."""
    assert clean_name(given) == clean


@pytest.mark.parametrize("name", ["", "..", "/", "a\nb.md", "x" * 300])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """A name that can't be shown or kept is told at once."""
    with pytest.raises(BadInput, match="rename"):
        clean_name(name)


def test_a_watched_folder_takes_in_what_has_settled(rooms: Any, tmp_path: Path) -> None:
    """A file still being copied waits, a bad one is named once, a change is a new version."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    watch = FolderWatch(folder, rooms.documents)
    (folder / "anaphylaxis.md").write_bytes(TEXT)
    (folder / "bad.pdf").write_bytes(b"no")
    (folder / ".hidden.md").write_bytes(TEXT)
    watch.look()
    assert rooms.documents.count() == 0
    watch.look()
    assert [view.id for view in rooms.documents.listing()] == ["anaphylaxis"]
    (folder / "anaphylaxis.md").write_bytes(NEWER)
    for _ in range(3):
        watch.look()
    assert rooms.documents.get("anaphylaxis").version == 2
