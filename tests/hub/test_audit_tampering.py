"""What whoever holds the hub's database can do to the log, and who finds it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.audit.schemas import Why
from hub.audit.verify import verify_log
from tests.hub.trail import HUB, Trail, batch, chain
from voiceassist.contract.ledger import Sealed, open_ack
from voiceassist.contract.merkle import leaf_hash, root
from voiceassist.contract.note import LogHead, open_note, sign_note
from voiceassist.contract.signing import KeyRing
from voiceassist.contract.witness import Inconsistent, witness
from voiceassist.errors import Unverified

TRUSTED = KeyRing([HUB.public])


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    yield made
    made.database.close()


def verified(trail: Trail, *witnesses: str) -> str:
    """The first problem that the log has."""
    with trail.service._store.reading() as reader:
        report = verify_log(reader, witnesses)
    assert report.ok == (not report.problem)
    return report.problem


def copy_of(trail: Trail) -> Callable[[], None]:
    """Keeps the database as it is; what it returns puts it back."""
    trail.run("PRAGMA user_version")
    with trail.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    kept = trail.path.with_suffix(".copy")
    shutil.copy(trail.path, kept)

    def put_back() -> None:
        trail.database.close()
        for end in ("-wal", "-shm"):
            Path(f"{trail.path}{end}").unlink(missing_ok=True)
        shutil.copy(kept, trail.path)

    return put_back


_TAMPERING = {
    "edit": "UPDATE audit_entries SET data = CAST(replace(CAST(data AS TEXT),"
    " 'answered', 'refused!') AS BLOB) WHERE seq = 3 AND box = 'room-1'",
    "a text that is none": "UPDATE audit_entries SET actor = CAST(x'ff' AS TEXT) WHERE seq = 3",
    "bytes that are none": "UPDATE audit_entries SET data = CAST(x'ff' AS TEXT) WHERE seq = 3",
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


_TREE = {
    "a hash": "UPDATE audit_tiles SET hashes ="
    " CAST(x'00' || substr(hashes, 2) AS BLOB) WHERE level = 0",
    "a tile that is a text": "UPDATE audit_tiles SET hashes = CAST(x'ff' AS TEXT)",
    "a tile less": "DELETE FROM audit_tiles WHERE level = 1",
    "a tile more": "INSERT INTO audit_tiles VALUES (3, 0, zeroblob(32))",
    "no tile": "DELETE FROM audit_tiles",
    "a word's size": "UPDATE audit_words SET size = size - 1",
    "a word's text": "UPDATE audit_words SET note = replace(note, 'north', 'south')",
    "no word": "DELETE FROM audit_words",
    "another key's word": "UPDATE audit_words SET public_pem = (SELECT public_pem FROM audit_heads"
    " WHERE box = 'room-1')",
    "pretended pruning": "INSERT INTO audit_pruned SELECT box, epoch, seq, hash, position"
    " FROM audit_entries WHERE position = 3; DELETE FROM audit_entries WHERE position <= 3",
}


@pytest.mark.parametrize("statements", _TREE.values(), ids=_TREE.keys())
def test_tampering_with_tree_and_words_is_found(trail: Trail, statements: str) -> None:
    """The stored tree and what the hub signed are held against the entries themselves."""
    trail.ingest(batch(chain(300)))
    assert not verified(trail)
    for statement in statements.split(";"):
        trail.run(statement)
    assert verified(trail)


def test_a_log_whose_tree_was_damaged_takes_nothing_more(trail: Trail) -> None:
    """No word is signed on what does not hold; the room keeps what it has."""
    trail.ingest(batch(chain(5)))
    trail.run("UPDATE audit_tiles SET hashes = x'00'")
    with pytest.raises(Unverified, match="audit verify"):
        trail.ingest(batch(chain(9)))


def test_1000_random_changes_to_the_database_are_all_found(trail: Trail) -> None:
    """One byte of one cell of a row of the log, seeded: never unnoticed, and put back, it holds."""
    trail.ingest(batch(chain(20)))
    trail.ingest(batch(chain(20, box="room-2")), "room-2")
    rng = random.Random(8)
    cells = ("box", "epoch", "hash", "actor", "action", "outcome", "subject", "route", "data")
    with trail.database.engine.connect() as connection:
        raw = connection.connection.cursor()
        for _ in range(1000):
            position, cell = rng.randrange(1, 41), rng.choice(cells)
            raw.execute(f"SELECT {cell} FROM audit_entries WHERE position = ?", (position,))
            before = raw.fetchone()[0]
            whole = bytearray(before if isinstance(before, bytes) else before.encode())
            whole[rng.randrange(len(whole))] ^= 1 << rng.randrange(7)
            after = bytes(whole) if isinstance(before, bytes) else whole.decode("latin-1")
            change = f"UPDATE audit_entries SET {cell} = ? WHERE position = ?"
            raw.execute(change, (after, position))
            connection.connection.commit()
            assert verified(trail), (position, cell, before, after)
            raw.execute(change, (before, position))
            connection.connection.commit()
    assert not verified(trail)


def test_an_old_copy_put_back_is_found_by_what_a_room_was_told(trail: Trail) -> None:
    """The copy holds in itself; the room's note, its next batch, and the room itself tell."""
    entries = chain(8)
    trail.ingest(batch(entries[:3]))
    put_back = copy_of(trail)
    first = trail.newest()
    ack = trail.ingest(batch(entries[3:6]))
    assert ack is not None
    kept, note = witness(None, ack, TRUSTED), trail.newest()
    put_back()
    assert not verified(trail, first)
    assert "went back" in verified(trail, note) or "cut off" in verified(trail, note)
    told = trail.service.ingest("room-1", trail.seen(batch(entries[6:]), note))
    assert told is not None
    with pytest.raises(Inconsistent, match="restored"):
        witness(kept, open_ack(told, TRUSTED), TRUSTED)
    assert "log_went_back" in trail.alarms()


def test_a_hub_that_says_it_was_restored_is_followed_and_sent_what_it_lost(trail: Trail) -> None:
    """Its new log tells; the room believes it, sends the rest again, and all verifies."""
    entries = chain(8)
    trail.ingest(batch(entries[:3]))
    put_back = copy_of(trail)
    ack = trail.ingest(batch(entries[3:]))
    assert ack is not None
    kept = witness(None, ack, TRUSTED)
    put_back()
    trail.service.restored(actor="it", why=Why.EXERCISE)
    again = trail.ingest(batch(entries[6:]))
    assert again is not None
    assert again.seq == 3, "the gap is asked for"
    kept = witness(kept, again, TRUSTED)
    last = trail.ingest(batch(entries[3:]))
    assert last is not None
    assert (last.seq, witness(kept, last, TRUSTED).number) == (8, kept.number)
    assert not verified(trail)


def test_a_hub_that_rewrites_its_own_journal_and_signs_it_anew_is_found(tmp_path: Path) -> None:
    """Its database holds in itself, since it has the key; what a room was told does not agree."""
    trails = []
    for name, who in (("true", "eve"), ("false", "bob")):
        (tmp_path / name).mkdir()
        made = Trail(tmp_path / name)
        made.service.record(
            action="document.released", outcome="done", subject="d", actor=who, detail={}
        )
        made.ingest(batch(chain(4)))
        trails.append(made)
    true, false = trails
    assert not verified(false)
    assert not verified(true, true.newest())
    assert "rewritten" in verified(false, true.newest())
    for one in trails:
        one.database.close()


def test_two_rooms_that_are_told_different_stories_find_out(tmp_path: Path) -> None:
    """A split view: each room's note holds for its own story, and for no other."""
    notes, trails = [], []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = Trail(tmp_path / name)
        made.ingest(batch(chain(5, box=f"room-{len(notes) + 1}")), f"room-{len(notes) + 1}")
        notes.append(made.newest())
        trails.append(made)
    for made, own, other in zip(trails, notes, reversed(notes), strict=True):
        assert not verified(made, own)
        assert "rewritten" in verified(made, other)
        made.database.close()


def test_a_witness_of_another_clinic_or_key_is_refused(trail: Trail) -> None:
    """Notes that nobody could have been given by this hub prove nothing."""
    trail.ingest(batch(chain(4)))
    head = open_note(trail.newest(), TRUSTED)
    south = LogHead("south", head.number, head.size, head.root)
    assert "another clinic" in verified(trail, sign_note(south, HUB))
    assert "not signed" in verified(trail, trail.newest().replace("north", "south"))


def test_a_node_of_the_tree_is_no_entry(trail: Trail) -> None:
    """What hashes to an inner node can't be an entry: the two are hashed apart."""
    entries = chain(2)
    trail.ingest(batch(entries))
    left, right = (leaf_hash(one) for one in entries)
    forged = b"\1" + left + right
    assert Sealed.from_bytes(forged).hash != root([left, right]).hex()
    with trail.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries WHERE position = 2"))
        connection.execute(
            text("UPDATE audit_entries SET data = :d, hash = :h"),
            {"d": forged, "h": root([left, right]).hex()},
        )
    assert verified(trail)


def test_pruning_keeps_every_proof(trail: Trail) -> None:
    """Old entries go, their hashes stay: the rest verifies, and rooms go on without a gap."""
    entries = chain(700)
    trail.ingest(batch(entries[:300]))
    trail.ingest(batch(chain(30, box="room-2")), "room-2")
    first = trail.newest()
    trail.ingest(batch(entries[300:600]))
    cut = trail.clock.now
    trail.clock.now += 10_000
    trail.ingest(batch(entries[600:650]))
    assert trail.service.prune(cut + 5_000) == 630
    assert trail.service.prune(cut + 5_000) == 0
    ack = trail.ingest(batch(entries[500:]))
    assert ack is not None
    assert ack.seq == 700
    again = trail.ingest(batch(chain(30, box="room-2")), "room-2")
    assert again is not None
    witness(None, again, TRUSTED)
    assert "fork" not in trail.alarms()
    with trail.service._store.reading() as reader:
        report = verify_log(reader, [first, trail.newest()])
    assert (report.problem, report.pruned, report.entries) == ("", 630, 731)
    trail.run("UPDATE audit_pruned SET hash = upper(hash) WHERE box = 'room-1'")
    assert verified(trail)


def test_pruning_never_takes_the_newest_entry(trail: Trail) -> None:
    """However old all of it is, the log keeps its end."""
    trail.ingest(batch(chain(5)))
    assert trail.service.prune(trail.clock.now + 1_000_000_000) == 4
    assert not verified(trail)


def test_clean_logs_never_alarm(trail: Trail) -> None:
    """Many small batches of several rooms, restarts and late ones between: nothing is found."""
    rng = random.Random(9)
    whole = {room: chain(400, box=room) for room in ("room-1", "room-2")}
    sent = dict.fromkeys(whole, 0)
    while any(sent[room] < 400 for room in whole):
        room = rng.choice(list(whole))
        first = max(0, sent[room] - rng.randrange(3))
        part = whole[room][first : sent[room] + rng.randrange(1, 30)]
        if part:
            ack = trail.ingest(batch(part), room)
            assert ack is not None
            sent[room] = ack.seq
    assert not verified(trail)
    assert trail.alarms() == []
