from __future__ import annotations

import time
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from hub.audit.schemas import Filters
from hub.editions.api import check_range
from hub.editions.service import BELIEVED, above
from hub.errors import Conflict, NotFound
from voiceassist.contract.edition import open_manifest
from voiceassist.contract.packlist import apply_update
from voiceassist.contract.signing import Envelope
from voiceassist.contract.trust import Trust, follow, read_chain
from voiceassist.contract.wire import RoomState
from voiceassist.knowledge.editions.packs import read_pack
from voiceassist.knowledge.editions.patches import apply_patch

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


def test_an_earlier_edition_comes_back_as_a_new_one(rooms: Any) -> None:
    """A rollback has the old content and a version above all; it is in the audit trail."""
    rooms.documents.add("gout.md", TEXT, "test")
    rooms.worker.step()
    first = rooms.editions.publish("test")
    rooms.documents.add("throat.md", MORE, "test")
    rooms.worker.step()
    rooms.editions.publish("test")
    back = rooms.editions.publish("test", like=1)
    assert (back.version, back.state_root, back.documents) == (3, first.state_root, 1)
    assert rooms.editions.unpublished()
    (entry, *_), _total = rooms.audit.search(Filters(action="edition.published"), 0, 1)
    assert (entry.subject, entry.detail["like"]) == ("3", 1)


def test_an_edition_that_can_not_come_back_is_told(rooms: Any) -> None:
    """One that there never was, and one whose packs are gone, each with what to do."""
    rooms.documents.add("gout.md", TEXT, "test")
    rooms.worker.step()
    rooms.editions.publish("test")
    with pytest.raises(NotFound, match="no edition 7"):
        rooms.editions.publish("test", like=7)
    rooms.packs.remove(rooms.documents.serving()[0].ref.sha256)
    with pytest.raises(Conflict, match="gone"):
        rooms.editions.publish("test", like=1)
    assert rooms.editions.newest() == 1


async def test_a_rollback_by_http(hub: Any, fail: Any) -> None:
    """`like` names the edition; no body publishes what is indexed."""
    headers = await hub.sign_in()
    _add(hub, "gout.md", TEXT)
    hub.rooms.editions.publish("test")
    answer = await hub.client.post("/api/v1/editions", headers=headers, json={"like": 1})
    assert answer.status_code == 201
    assert answer.json()["data"]["version"] == 2
    missing = await hub.client.post("/api/v1/editions", headers=headers, json={"like": 9})
    fail(missing, 404, "NOT_FOUND")
    wrong = await hub.client.post("/api/v1/editions", headers=headers, json={"like": 0})
    assert wrong.status_code == 422


def test_publishing_again_renews_the_expiry(rooms: Any) -> None:
    """Unchanged content may be published again: a later version, good for longer."""
    rooms.documents.add("gout.md", TEXT, "test")
    rooms.worker.step()
    first = rooms.editions.publish("test")
    rooms.editions._clock = lambda: (first.created_s + 1000) * 1000
    again = rooms.editions.publish("test")
    assert again.state_root == first.state_root
    assert again.expires_s == first.expires_s + 1000


def _say(hub: Any, room: str, edition: int) -> None:
    state = RoomState(room=room, status="ready", edition=edition)
    hub.rooms.fleet.on_state(f"va/demo/{room}/state", state.model_dump_json().encode())


async def test_a_hub_restored_from_a_backup_numbers_above_its_rooms(hub: Any, box: Any) -> None:
    """Rooms that hold more than the hub are told to the administrator, and followed by number."""
    _add(hub, "gout.md", TEXT)
    hub.rooms.editions.publish("test")
    _enrol(hub, box)
    _say(hub, box.room, 1)
    assert "library" not in hub.container.readiness()
    _say(hub, box.room, 57)
    assert "restored from a backup" in hub.container.readiness()["library"]
    assert "restored from a backup" in hub.container.desk.library().problem
    assert hub.rooms.editions.publish("test").version == 58
    _say(hub, box.room, 58 + BELIEVED + 1)
    assert "too far to be believed" in hub.container.readiness()["library"]
    assert hub.rooms.editions.publish("test").version == 59


@pytest.mark.parametrize(
    ("newest", "claims", "highest"),
    [(5, [], 5), (5, [3], 5), (5, [9], 9), (0, [10_000], 10_000), (5, [10_006, 8], 8)],
)
def test_which_claims_are_believed(newest: int, claims: list[int], highest: int) -> None:
    """A claim far off would use up the numbers: it counts for nothing, the others do."""
    assert above(newest, claims) == highest


async def test_lists_travel_whole_or_as_what_changed(hub: Any, box: Any, fail: Any) -> None:
    """A room gets what changed since a list that the hub knows, else the whole list."""
    _enrol(hub, box)
    for number in range(30):
        hub.rooms.documents.add(f"d{number}.md", TEXT.replace(b"500", b"%d" % number), "test")
    hub.index()
    old = hub.rooms.editions.publish("test").state_root
    _add(hub, "throat.md", MORE)
    root = hub.rooms.editions.publish("test").state_root
    path = f"/api/v1/library/lists/{root}"
    whole = (await hub.client.get(path, headers=_bearer(box, "a"))).content
    refs = apply_update(whole, (), root=root)
    changed = (await hub.client.get(f"{path}?from={old}", headers=_bearer(box, "b"))).content
    before = [ref for ref in refs if ref.document != "throat"]
    assert apply_update(changed, before, root=root) == refs
    assert len(changed) * 5 < len(whole)
    unknown = await hub.client.get(f"{path}?from={'0' * 64}", headers=_bearer(box, "c"))
    assert unknown.content == whole
    gone = await hub.client.get(f"/api/v1/library/lists/{'0' * 64}", headers=_bearer(box, "d"))
    fail(gone, 404, "NOT_FOUND")
    assert (await hub.client.get(path)).status_code == 401


async def test_a_changed_pack_travels_as_a_patch(hub: Any, box: Any, fail: Any) -> None:
    """What changed since a pack that the hub has; 404 where it has it not, or a disk spoiled it."""
    _enrol(hub, box)
    _add(hub, "gout.md", TEXT * 20)
    old = hub.rooms.documents.serving()[0].ref
    _add(hub, "gout.md", TEXT * 20 + b"Call if fever comes.\n")
    new = hub.rooms.documents.serving()[0].ref
    path = f"/api/v1/library/patches/{new.sha256}?from="
    answer = await hub.client.get(path + old.sha256, headers=_bearer(box, "a"))
    before = hub.rooms.packs.get(old.sha256)
    assert apply_patch(answer.content, before, new) == hub.rooms.packs.get(new.sha256)
    fail(await hub.client.get(path + "0" * 64, headers=_bearer(box, "b")), 404, "NOT_FOUND")
    _add(hub, "throat.md", MORE)
    spoiled = next(p.ref for p in hub.rooms.documents.serving() if p.ref.document == "throat")
    hub.rooms.packs.path(spoiled.sha256).write_bytes(b"spoiled")
    gone = await hub.client.get(path + spoiled.sha256, headers=_bearer(box, "d"))
    fail(gone, 404, "NOT_FOUND")
    assert (await hub.client.get(path + old.sha256)).status_code == 401


async def test_the_chain_of_keys_is_served(hub: Any, box: Any) -> None:
    """A room gets the statements after the one that it knows; a kit names the newest."""
    anchor = hub.rooms.keys.edition.trust("demo")
    hub.rooms.keys.edition.rotate("demo", 100)
    kit = _enrol(hub, box)
    assert kit.edition_keys == 2
    answer = await hub.client.get("/api/v1/library/keys?after=1", headers=_bearer(box, "a"))
    assert follow(anchor, read_chain(answer.content)).editions == kit.edition_public_pem
    none = await hub.client.get("/api/v1/library/keys?after=2", headers=_bearer(box, "b"))
    assert read_chain(none.content) == ()
    assert (await hub.client.get("/api/v1/library/keys")).status_code == 401


def test_the_newest_edition_is_signed_anew_after_a_rotation(hub: Any) -> None:
    """A rotation that was cut short before publishing is finished by the running hub."""
    _add(hub, "gout.md", TEXT)
    hub.rooms.editions.publish("test")
    hub.container.library.follow()
    hub.container.keeper.tick()
    assert hub.rooms.editions.newest() == 1
    hub.rooms.keys.edition.rotate("demo", 100)
    hub.container.keeper.tick()
    hub.container.keeper.tick()
    assert hub.rooms.editions.newest() == 2
    assert hub.rooms.editions.current().envelope.keyid == hub.rooms.keys.edition.now()[1].keyid
    assert hub.container.library.follow().version == 2
