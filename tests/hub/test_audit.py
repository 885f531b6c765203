from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, text

from hub import envelope
from hub.audit.api import router
from hub.audit.schemas import Filters
from hub.audit.service import AuditService
from hub.http import Person, Role
from hub.storage.engine import Database
from tests.hub.trail import HUB, ROOM, Trail, batch, chain
from voiceassist.contract.ledger import (
    GENESIS,
    TURN,
    Sealed,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.witness import witness
from voiceassist.errors import BadInput, StoreFull


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    yield made
    made.database.close()


def test_a_batch_is_kept_and_signed_for(trail: Trail) -> None:
    """The word on a batch names its last entry, and the log verifies."""
    entries = chain(5)
    ack = trail.ingest(batch(entries))
    assert ack is not None
    last = Sealed.from_bytes(entries[-1]).hash
    assert (ack.box, ack.epoch, ack.seq, ack.head) == ("room-1", "e1", 5, last)
    assert witness(None, ack, KeyRing([HUB.public])).size == 5
    report = trail.service.verify_all()
    assert (report.ok, report.entries, report.chains[0].keyid) == (True, 5, ROOM.keyid)


def test_what_is_signed_for_is_on_the_disk(trail: Trail) -> None:
    """Another connection reads what an acknowledgement speaks of, under synchronous=FULL."""
    trail.ingest(batch(chain(2)))
    other = Database(f"sqlite:///{trail.path}")
    with other.read() as session:
        assert session.execute(text("SELECT count(*) FROM audit_entries")).scalar() == 2
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2
    other.close()


def test_duplicates_and_overlaps_count_once(trail: Trail) -> None:
    """The same entries in whatever cuts, again and again, make one log and no alarm."""
    entries = chain(20)
    rng = random.Random(4)
    trail.ingest(batch(entries[:6]))
    for _ in range(60):
        first = rng.randrange(0, 15)
        trail.ingest(batch(entries[first : first + rng.randrange(1, 6)]))
    ack = trail.ingest(batch(entries))
    assert ack is not None
    log = witness(None, ack, KeyRing([HUB.public]))
    assert (ack.seq, log.size - len(trail.alarms())) == (20, 20)
    assert set(trail.alarms()) <= {"gap"}
    assert trail.service.verify_all().ok


def test_an_old_batch_does_not_turn_the_head_back(trail: Trail) -> None:
    """A replay is answered with the newest head."""
    entries = chain(9)
    trail.ingest(batch(entries))
    ack = trail.ingest(batch(entries[:3]))
    assert ack is not None
    assert ack.seq == 9


def test_a_gap_is_kept_aside_and_asked_for(trail: Trail) -> None:
    """Entries that came too early wait; the room is told how far the hub is; then all fits."""
    entries = chain(9)
    trail.ingest(batch(entries[:2]))
    ack = trail.ingest(batch(entries[5:]))
    assert ack is not None
    assert ack.seq == 2
    assert trail.quarantine() == [("gap", 0)]
    trail.ingest(batch(entries[2:]))
    assert trail.quarantine()[0][1] > 0, "released once the journal caught up"
    assert trail.service.verify_all().quarantined == 0


def test_a_hub_that_has_nothing_says_so(trail: Trail) -> None:
    """A hub restored from before the room asks for everything from the first entry."""
    ack = trail.ingest(batch(chain(9)[4:]))
    assert ack is not None
    assert (ack.seq, ack.head) == (0, GENESIS)


@pytest.mark.parametrize("cut", [0, 3, 5])
def test_a_fork_is_kept_and_alarmed(trail: Trail, cut: int) -> None:
    """A cloned disk that tells another story after entry `cut` is found; the first stays."""
    entries = chain(6)
    trail.ingest(batch(entries))
    other = entries[:cut] + chain(4, after=entries[:cut], outcome="refused")
    for _twice in range(2):
        ack = trail.ingest(batch(other[cut:]))
        assert ack is not None
        assert ack.head == Sealed.from_bytes(entries[-1]).hash
    assert trail.alarms() == ["fork"]
    assert trail.quarantine() == [("fork", 0)]
    assert trail.service.verify_all().ok


def test_a_room_that_repeats_its_fork_alarms_once_an_hour(trail: Trail) -> None:
    """A box that goes on sending its other story fills neither eyes nor the hub's journal."""
    trail.ingest(batch(chain(6)))
    other = chain(6, outcome="refused")
    for length in range(1, 6):
        trail.ingest(batch(other[:length]))
    assert (trail.alarms(), len(trail.quarantine())) == (["fork"], 5)
    trail.clock.now += 3_600_000
    trail.ingest(batch(other))
    assert trail.alarms() == ["fork", "fork"]


def test_a_fork_that_begins_past_the_head_is_found(trail: Trail) -> None:
    """A batch that continues another history than the remembered one is a fork."""
    entries = chain(6)
    trail.ingest(batch(entries))
    other = chain(6, outcome="refused")
    trail.ingest(batch(chain(2, after=other)))
    assert trail.alarms() == ["fork"]


def test_a_new_journal_of_a_known_room_is_told(trail: Trail) -> None:
    """Wiping a box's disk starts a new chain, and an entry of the hub says so."""
    trail.ingest(batch(chain(3)))
    trail.ingest(batch(chain(2, epoch="e2")))
    assert trail.alarms() == ["new_journal"]
    assert trail.service.verify_all().entries == 6


_OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"o" * 32))
_BAD: dict[str, Callable[[list[bytes]], bytes]] = {
    "another key": lambda e: batch(e, _OTHER),
    "stolen name": lambda e: batch(e, box="room-2"),
    "wrong first": lambda e: batch(e, first=2),
    "wrong epoch": lambda e: batch(e, epoch="e2"),
    "signed earlier head": lambda e: batch(e, head=json.loads(batch(e[:2]))["head"]),
    "deleted": lambda e: batch([e[0], *e[2:]]),
    "reordered": lambda e: batch([e[1], e[0], *e[2:]], first=1),
    "repeated": lambda e: batch([e[0], *e]),
    "stripped signature": lambda e: batch(e, head=_stripped(e)),
    "not base64": lambda e: batch(e, entries=("?",)),
    "too long": lambda e: batch(e, entries=(base64.b64encode(b"x" * 70_000).decode(),)),
    "junk": lambda e: b"\x00\xff",
    "empty": lambda e: b"",
    "deep": lambda e: b"[" * 100_000,
    "extra field": lambda e: batch(e)[:-1] + b',"more":1}',
    "float": lambda e: batch(e, entries=(base64.b64encode(b'{"seq":1.0}').decode(),)),
}


def _stripped(entries: list[bytes]) -> Envelope:
    whole = Envelope.model_validate(json.loads(batch(entries))["head"])
    return whole.model_copy(update={"sig": ""})


@pytest.mark.parametrize("make", _BAD.values(), ids=_BAD.keys())
def test_what_does_not_hold_is_kept_aside_with_its_reason(
    trail: Trail, make: Callable[[list[bytes]], bytes]
) -> None:
    """Nothing malformed gets in, is acknowledged, or is dropped; one alarm tells of it."""
    payload = make(chain(4))
    assert trail.ingest(payload) is None
    assert trail.ingest(payload) is None
    assert trail.quarantine() == [("malformed", 0)]
    assert trail.alarms() == ["malformed"]
    ack = trail.ingest(batch(chain(4)))
    assert ack is not None
    assert ack.seq == 4


@pytest.mark.parametrize("room", ["room-9", "hub", "../x"])
def test_an_unknown_rooms_batch_is_kept_aside(trail: Trail, room: str) -> None:
    """Nobody records for a room that is not enrolled, nor for the hub itself."""
    assert trail.ingest(batch(chain(2, box="hub")), room) is None
    assert trail.quarantine() == [("unknown_room", 0)]


def test_a_batch_on_another_rooms_topic_is_refused(trail: Trail) -> None:
    """A room's batch replayed under another's name is not taken."""
    assert trail.ingest(batch(chain(2)), "room-2") is None
    assert trail.service.verify_all().entries == 1, "the alarm alone"


def test_the_hubs_own_events_are_a_chain_too(trail: Trail) -> None:
    """What the hub records is sealed, signed and found again; a float is refused."""
    for n in range(3):
        trail.service.record(
            action="auth.login", outcome="done", subject=f"s{n}", actor="ada", detail={"n": n}
        )
    with pytest.raises(BadInput):
        trail.service.record(
            action="x",
            outcome="y",
            subject="z",
            actor="a",
            detail={"f": 0.5},  # type: ignore[dict-item]
        )
    report = trail.service.verify_all()
    assert report.ok
    assert [(c.box, c.entries, c.keyid) for c in report.chains] == [("hub", 3, HUB.keyid)]


def test_search_filters_and_pages(trail: Trail) -> None:
    """The newest come first, filters hold together, and the total counts all that fit."""
    trail.ingest(batch(chain(9)))
    trail.service.record(action="auth.login", outcome="done", subject="s", actor="ada", detail={})
    found, total = trail.service.search(Filters(box="room-1"), 2, 3)
    assert ([one.seq for one in found], total) == ([7, 6, 5], 9)
    at = 1_600_000_000_000
    found, total = trail.service.search(Filters(since_ms=at + 3, until_ms=at + 5), 0, 50)
    assert ([one.wall_ms - at for one in found], total) == ([4, 3], 2)
    found, total = trail.service.search(Filters(actor="ada", action=TURN), 0, 50)
    assert (found, total) == ([], 0)
    assert trail.service.routes() == {"room": 3, "hub": 6}


def test_a_full_disk_acknowledges_nothing(trail: Trail) -> None:
    """What could not be committed is not signed for, and fits once there is space."""
    entries = chain(400)
    trail.ingest(batch(entries[:1]))

    def limit(pages: int) -> Callable[..., None]:
        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

        return on_begin

    small = limit(30)
    event.listen(trail.database.engine, "begin", small)
    with pytest.raises(StoreFull):
        trail.ingest(batch(entries[1:]))
    event.remove(trail.database.engine, "begin", small)
    event.listen(trail.database.engine, "begin", limit(100_000))
    assert trail.service.verify_all().entries == 1
    ack = trail.ingest(batch(entries[1:]))
    assert ack is not None
    assert ack.seq == 400


def test_the_api_is_the_auditors(trail: Trail) -> None:
    """Search and verification answer in the envelope, and only for who may see the trail."""

    class Guard:
        role = Role.AUDITOR

        async def person(self, _request: object) -> Person:
            return Person("1", "a@clinic.example", "A", self.role)

    app = FastAPI()
    app.state.guard = guard = Guard()
    app.state.services = {AuditService: trail.service}
    envelope.install(app)
    app.include_router(router, prefix="/api/v1")
    trail.ingest(batch(chain(5)))
    client = TestClient(app)
    answer = client.get("/api/v1/audit", params={"box": "room-1", "size": 2}).json()
    assert [one["seq"] for one in answer["data"]] == [5, 4]
    assert answer["metadata"]["pagination"] == {"page": 1, "size": 2, "total": 5}
    assert client.get("/api/v1/audit/verify").json()["data"]["ok"] is True
    assert client.get("/api/v1/audit", params={"color": "red"}).status_code == 422
    guard.role = Role.CLINICIAN
    for path in ("/api/v1/audit", "/api/v1/audit/verify"):
        assert client.get(path).status_code == 403


def test_random_faults_lose_and_double_nothing(trail: Trail) -> None:
    """Over 2,000 seeded deliveries, lost, doubled, late or junk, the log is exact in the end."""
    rng = random.Random(11)
    entries = chain(300)
    acked, late = 0, list[bytes]()
    for _ in range(2000):
        payload = batch(entries[acked : acked + rng.randrange(1, 40)] or entries[-1:])
        fate = rng.random()
        if fate < 0.3:
            late.append(payload)
            continue
        if fate < 0.4 and late:
            payload = late.pop(rng.randrange(len(late)))
        if fate > 0.95:
            payload = payload[: rng.randrange(len(payload))]
        ack = trail.ingest(payload)
        if ack is not None and rng.random() < 0.7:
            acked = max(acked, ack.seq)
        if acked == 300:
            break
    report = trail.service.verify_all()
    counts = {one.box: one.entries for one in report.chains}
    assert (report.ok, counts["room-1"], acked) == (True, 300, 300)
    assert "fork" not in trail.alarms()
