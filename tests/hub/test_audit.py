from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, text

from hub import envelope
from hub.audit.api import build_router
from hub.audit.schemas import Filters
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tables import TABLES, QuarantineRow
from hub.errors import Unauthorized
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.ledger import (
    GENESIS,
    TURN,
    Ack,
    Entry,
    Head,
    Sealed,
    follow,
    open_ack,
    sign_checkpoint,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import JournalBatch
from voiceassist.contract.witness import witness
from voiceassist.errors import BadInput, StoreFull

HUB = Signer(Ed25519PrivateKey.from_private_bytes(b"h" * 32))
ROOM = Signer(Ed25519PrivateKey.from_private_bytes(b"r" * 32))


class Keys:
    def __init__(self) -> None:
        self.rooms: dict[str, Ed25519PublicKey] = {"room-1": ROOM.public, "room-2": ROOM.public}

    def key(self, room: str) -> Ed25519PublicKey | None:
        return self.rooms.get(room)


class Ticks:
    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def wall_ms(self) -> int:
        self.now += 1
        return self.now

    def mono_ms(self) -> int:
        return self.wall_ms()

    def synced(self) -> bool:
        return True


class Trail:
    """A hub's audit room over a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "hub.sqlite"
        self.database = Database(f"sqlite:///{self.path}")
        Base.metadata.create_all(
            self.database.engine,
            tables=[kind.__table__ for kind in TABLES],  # type: ignore[misc]
        )
        self.clock = Ticks()
        epochs = itertools.count(1)
        self.service = AuditService(
            AuditStore(self.database),
            Keys(),
            HUB,
            self.clock,
            boot="boot",
            epoch=lambda: f"hub-{next(epochs)}",
            clinic="north",
        )

    def ingest(self, payload: bytes, room: str = "room-1") -> Ack | None:
        signed = self.service.ingest(room, payload)
        return open_ack(signed, KeyRing([HUB.public])) if signed else None

    def run(self, statement: str) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(text(statement))

    def alarms(self) -> list[str]:
        found, _total = self.service.search(Filters(action="audit.alarm"), 0, 100)
        return [entry.outcome for entry in reversed(found)]

    def quarantine(self) -> list[tuple[str, int]]:
        with self.database.read() as session:
            rows = session.query(QuarantineRow).order_by(QuarantineRow.received_ms)
            return [(row.reason, row.released_ms) for row in rows]


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    yield made
    made.database.close()


def chain(
    length: int,
    *,
    box: str = "room-1",
    epoch: str = "e1",
    after: Sequence[bytes] = (),
    outcome: str = "answered",
) -> list[bytes]:
    """`length` entries that continue `after`."""
    head = Head(box, epoch)
    for one in after:
        head, _ = follow(head, Sealed.from_bytes(one))
    made = []
    for _ in range(length):
        entry = Entry(
            box=box,
            epoch=epoch,
            seq=head.seq + 1,
            previous=head.hash,
            wall_ms=1_600_000_000_000 + head.seq,
            synced=True,
            mono_ms=head.seq,
            boot="b",
            actor=box,
            action=TURN,
            outcome=outcome,
            subject=f"t{head.seq}",
            detail={"route": "hub" if head.seq % 3 else "room"},
        )
        head, _ = follow(head, Sealed.of(entry))
        made.append(Sealed.of(entry).data)
    return made


def batch(chained: Sequence[bytes], signer: Signer = ROOM, **changes: object) -> bytes:
    last = Sealed.from_bytes(chained[-1])
    entry = last.entry()
    head = Head(entry.box, entry.epoch, entry.seq, last.hash)
    values = {
        "box": entry.box,
        "epoch": entry.epoch,
        "first": Sealed.from_bytes(chained[0]).entry().seq,
        "entries": tuple(base64.b64encode(one).decode() for one in chained),
        "head": sign_checkpoint(head, 5, signer),
        **changes,
    }
    return JournalBatch.model_validate(values).model_dump_json().encode()


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


_TAMPERING = {
    "edit": "UPDATE audit_entries SET data = CAST(replace(CAST(data AS TEXT),"
    " 'answered', 'refused!') AS BLOB) WHERE seq = 3 AND box = 'room-1'",
    "edit a column": "UPDATE audit_entries SET actor = 'eve' WHERE seq = 3",
    "edit a route": "UPDATE audit_entries SET route = 'hub' WHERE seq = 1",
    "edit the hash": "UPDATE audit_entries SET hash = box WHERE seq = 2",
    "delete first": "DELETE FROM audit_entries WHERE seq = 1",
    "delete middle": "DELETE FROM audit_entries WHERE seq = 3",
    "delete last": "DELETE FROM audit_entries WHERE seq = 6",
    "delete all of a box": "DELETE FROM audit_entries WHERE box = 'room-2'",
    "delete a head": "DELETE FROM audit_heads WHERE box = 'room-1'",
    "delete a box and its head": "DELETE FROM audit_heads WHERE box = 'room-2';"
    "DELETE FROM audit_entries WHERE box = 'room-2'",
    "turn a head back": "UPDATE audit_heads SET seq = 5 WHERE box = 'room-1'",
    "swap two": "UPDATE audit_entries SET seq = CASE seq WHEN 2 THEN 103 ELSE 102 END"
    " WHERE seq IN (2, 3); UPDATE audit_entries SET seq = seq - 100 WHERE seq > 100",
    "insert": "INSERT INTO audit_entries SELECT 99, box, epoch, 7, hash, wall_ms, actor, action,"
    " outcome, subject, route, data, received_ms FROM audit_entries"
    " WHERE seq = 6 AND box = 'room-1'",
    "strip the signature": "UPDATE audit_heads SET checkpoint = replace(checkpoint, 'sig', 'gis')",
    "another's signature": "UPDATE audit_heads SET checkpoint ="
    " (SELECT h.checkpoint FROM audit_heads h WHERE h.box = 'room-2') WHERE box = 'room-1'",
}


@pytest.mark.parametrize("statements", _TAMPERING.values(), ids=_TAMPERING.keys())
def test_every_tampering_with_the_hubs_database_is_found(trail: Trail, statements: str) -> None:
    """Whoever edits the hub's tables is found out, whatever else they set right."""
    trail.ingest(batch(chain(6)))
    trail.ingest(batch(chain(6, box="room-2")), "room-2")
    trail.ingest(batch(chain(3, box="room-2", epoch="e2")), "room-2")
    assert trail.service.verify_all().ok
    for statement in statements.split(";"):
        trail.run(statement)
    report = trail.service.verify_all()
    assert not report.ok
    assert report.problem


def test_recomputing_a_whole_chain_is_found(trail: Trail) -> None:
    """An administrator who rewrites every entry and hash lacks the box's key for the end."""
    trail.ingest(batch(chain(4)))
    rewritten = [Sealed.from_bytes(one) for one in chain(4, outcome="refused")]
    with trail.database.engine.begin() as connection:
        for seq, one in enumerate(rewritten, 1):
            connection.execute(
                text(
                    "UPDATE audit_entries SET data = :d, hash = :h, outcome = 'refused'"
                    " WHERE seq = :s"
                ),
                {"d": one.data, "h": one.hash, "s": seq},
            )
        connection.execute(text("UPDATE audit_heads SET hash = :h"), {"h": rewritten[-1].hash})
    assert "signed" in trail.service.verify_all().problem


def test_a_rolled_back_hub_is_noticed_by_the_room(trail: Trail) -> None:
    """The hub can't show its own lost end, but its next word to the room tells of it."""
    entries = chain(6)
    trail.ingest(batch(entries[:3]))
    before = trail.database.engine.raw_connection()
    kept = before.cursor().execute("SELECT * FROM audit_heads").fetchall()
    before.close()
    trail.ingest(batch(entries[3:]))
    trail.run("DELETE FROM audit_entries WHERE seq > 3")
    with trail.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_heads")
        marks = ",".join("?" * len(kept[0]))
        connection.exec_driver_sql(f"INSERT INTO audit_heads VALUES ({marks})", tuple(kept[0]))
    assert trail.service.verify_all().ok
    ack = trail.ingest(batch(chain(1, after=entries)))
    assert ack is not None
    assert ack.seq == 3


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


def test_the_api_is_the_administrators_alone(trail: Trail) -> None:
    """Search and verification answer in the envelope, and only where the guard lets pass."""
    open_door = True

    def guard() -> None:
        if not open_door:
            raise Unauthorized("sign in")

    app = FastAPI()
    envelope.install(app)
    app.include_router(build_router(trail.service, administrator=guard), prefix="/api/v1")
    trail.ingest(batch(chain(5)))
    client = TestClient(app)
    answer = client.get("/api/v1/audit", params={"box": "room-1", "size": 2}).json()
    assert [one["seq"] for one in answer["data"]] == [5, 4]
    assert answer["metadata"]["pagination"] == {"page": 1, "size": 2, "total": 5}
    assert client.get("/api/v1/audit/verify").json()["data"]["ok"] is True
    assert client.get("/api/v1/audit", params={"color": "red"}).status_code == 422
    open_door = False
    for path in ("/api/v1/audit", "/api/v1/audit/verify"):
        assert client.get(path).status_code == 401


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
