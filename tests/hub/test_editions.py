from __future__ import annotations

import time
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from hub.editions.api import check_range
from voiceassist.contract.edition import open_manifest
from voiceassist.contract.packlist import apply_update
from voiceassist.contract.signing import Envelope
from voiceassist.contract.trust import Trust
from voiceassist.knowledge.packs import read_pack

TEXT = b"# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"
MORE = b"# Sore throat\n\nMost need no antibiotic. Give paracetamol.\n"


def _add(hub: Any, name: str, data: bytes) -> None:
    hub.rooms.documents.add(name, data, "test")
    hub.index()


def _enrol(hub: Any, box: Any) -> Any:
    return hub.rooms.fleet.enrol(box.request(), "test")


def _bearer(box: Any, jti: str) -> dict[str, str]:
    return dict(box.bearer(int(time.time()), jti))


async def test_a_room_fetches_verifies_and_reads_what_was_published(hub: Any, box: Any) -> None:
    """The whole way: document, pack, signed manifest, and back to the passage's words."""
    headers = await hub.sign_in()
    _add(hub, "gout.md", TEXT)
    published = await hub.client.post("/api/v1/editions", headers=headers)
    assert published.status_code == 201
    kit = _enrol(hub, box)
    answer = await hub.client.get("/api/v1/library/edition", headers=_bearer(box, "a"))
    envelope = Envelope.from_json(answer.content)
    trust = Trust(clinic=kit.clinic, version=kit.edition_keys, editions=kit.edition_public_pem)
    manifest = open_manifest(envelope, trust=trust, newer_than=0, now_s=int(time.time()))
    assert (manifest.version, manifest.documents) == (1, 1)
    listed = await hub.client.get(
        f"/api/v1/library/lists/{manifest.state_root}", headers=_bearer(box, "l")
    )
    (ref,) = apply_update(listed.content, (), root=manifest.state_root)
    pack = await hub.client.get(f"/api/v1/library/packs/{ref.sha256}", headers=_bearer(box, "b"))
    assert "naproxen 500 mg" in read_pack(pack.content, ref).header.text
    listed = await hub.client.get("/api/v1/editions", headers=headers)
    assert listed.json()["data"] == [published.json()["data"]]


async def test_nothing_new_is_told_by_the_tag(hub: Any, box: Any) -> None:
    """A room that has the newest edition downloads nothing, and learns of the next one."""
    _add(hub, "gout.md", TEXT)
    hub.rooms.editions.publish("test")
    _enrol(hub, box)
    path = "/api/v1/library/edition"
    first = await hub.client.get(path, headers=_bearer(box, "a"))
    tag = {"If-None-Match": first.headers["ETag"]}
    second = await hub.client.get(path, headers=_bearer(box, "b") | tag)
    assert second.status_code == 304
    assert second.content == b""
    hub.rooms.editions.publish("test")
    third = await hub.client.get(path, headers=_bearer(box, "c") | tag)
    assert third.status_code == 200


async def test_a_pack_can_be_fetched_in_parts(hub: Any, box: Any, fail: Any) -> None:
    """A broken download goes on where it ended; a range that is not there is an envelope."""
    _add(hub, "gout.md", TEXT)
    _enrol(hub, box)
    ref = hub.rooms.documents.serving()[0].ref
    path = f"/api/v1/library/packs/{ref.sha256}"
    whole = (await hub.client.get(path, headers=_bearer(box, "a"))).content
    part = await hub.client.get(path, headers=_bearer(box, "b") | {"Range": "bytes=10-"})
    assert part.status_code == 206
    assert part.content == whole[10:]
    assert part.headers["Content-Range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"
    beyond = await hub.client.get(
        path, headers=_bearer(box, "c") | {"Range": f"bytes={len(whole)}-"}
    )
    fail(beyond, 416, "RANGE_NOT_SATISFIABLE")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole)}"


@pytest.mark.parametrize("header", [None, "bytes=0-", "bytes=0-9", "bytes=9-200", "bytes=-3"])
def test_ranges_within_a_pack(header: str | None) -> None:
    """Every form of a single range that has bytes is served."""
    check_range(header, 10)


@pytest.mark.parametrize(
    "header", ["bytes=10-", "bytes=-0", "bytes=5-4", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "x"]
)
def test_ranges_that_are_none(header: str) -> None:
    """What can't be served is refused, not guessed at."""
    with pytest.raises(HTTPException) as refused:
        check_range(header, 10)
    assert refused.value.status_code == 416


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fkeys", "A" * 64, "x"])
async def test_a_pack_that_is_not_there(hub: Any, box: Any, name: str) -> None:
    """Only packs can be fetched, by their hash."""
    _enrol(hub, box)
    answer = await hub.client.get(f"/api/v1/library/packs/{name}", headers=_bearer(box, "a"))
    assert answer.status_code in {404, 422}
    assert answer.json()["success"] is False


async def test_nothing_is_published_where_nothing_is_indexed(hub: Any, fail: Any) -> None:
    """An empty library is told, not signed."""
    headers = await hub.sign_in()
    fail(await hub.client.post("/api/v1/editions", headers=headers), 409, "CONFLICT")
    assert hub.rooms.editions.newest() == 0


async def test_no_edition_yet(hub: Any, box: Any, fail: Any) -> None:
    """A room that asks before the first publication is told so."""
    _enrol(hub, box)
    answer = await hub.client.get("/api/v1/library/edition", headers=_bearer(box, "a"))
    fail(answer, 404, "NOT_FOUND")


def test_versions_only_rise_and_changes_show(rooms: Any) -> None:
    """Each publication is a later version; what changed since is known."""
    rooms.documents.add("gout.md", TEXT, "test")
    rooms.worker.step()
    assert rooms.editions.unpublished()
    assert [rooms.editions.publish("test").version for _ in range(3)] == [1, 2, 3]
    assert not rooms.editions.unpublished()
    rooms.documents.add("throat.md", MORE, "test")
    rooms.worker.step()
    assert rooms.editions.unpublished()
    assert [view.version for view in rooms.editions.listing()] == [3, 2, 1]


def test_the_hubs_own_library_follows(hub: Any) -> None:
    """Escalation searches exactly what was published last."""
    assert hub.container.library.find("naproxen", 3) == []
    _add(hub, "gout.md", TEXT)
    hub.rooms.editions.publish("test")
    assert hub.container.library.find("naproxen dose", 3)[0].document == "gout"
    _add(hub, "throat.md", MORE)
    hub.container.library.follow()
    assert {p.document for p in hub.container.library.find("antibiotic", 3)} == {"gout"}
    hub.rooms.editions.publish("test")
    hub.container.library.follow()
    found = hub.container.library.find("antibiotic paracetamol", 3)
    assert "throat" in {passage.document for passage in found}
