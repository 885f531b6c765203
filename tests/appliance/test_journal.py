from __future__ import annotations

import base64
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.journal.journal import Journal, Receipt
from appliance.journal.tables import named_failures
from tests.contract.log_of_hub import HubLog
from voiceassist.contract.ledger import (
    ENTRY_BYTES,
    GENESIS,
    Entry,
    Head,
    Sealed,
    extend,
    open_checkpoint,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import BATCH_BYTES, JournalBatch
from voiceassist.contract.witness import Inconsistent, Late
from voiceassist.errors import BadInput, StoreFull, Unavailable, Unverified


def _signer(seed: int) -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(random.Random(seed).randbytes(32)))


BOX, HUB = _signer(1), _signer(2)
HUBS = KeyRing([HUB.public])


class Ticks:
    """A clock that moves one millisecond at each look."""

    def __init__(self) -> None:
        self._now = 0

    def wall_ms(self) -> int:
        return 1_700_000_000_000 + self._now

    def mono_ms(self) -> int:
        self._now += 1
        return self._now

    def synced(self) -> bool:
        return True


def make_journal(path: Path, **options: Callable[[], int]) -> Journal:
    return Journal(path, "room-1", BOX, Ticks(), "boot-1", epoch=lambda: "epoch-1", **options)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = make_journal(tmp_path / "journal.sqlite")
    yield made
    made.close()


def add(journal: Journal, count: int, **detail: str) -> list[Receipt]:
    return [
        journal.append(
            action="turn", outcome="answered", subject=f"t{n}", actor="room-1", detail=dict(detail)
        )
        for n in range(count)
    ]


@pytest.fixture(autouse=True)
def log() -> HubLog:
    """The log of the hub that acknowledges in these tests."""
    global _log  # noqa: PLW0603 - `ack_of` is used in parameters, where no fixture is
    _log = HubLog(HUB)
    return _log


_log = HubLog(HUB)


def ack_of(receipt: Receipt, signer: Signer = HUB, **changes: object) -> Envelope:
    _log.signer = signer
    return _log.ack(Head("room-1", "epoch-1", receipt.seq, receipt.hash), **changes)


def last(journal: Journal) -> Entry:
    data = journal._db.execute("SELECT data FROM entries ORDER BY seq DESC").fetchone()[0]
    return Sealed.from_bytes(data).entry()


def read(batch: JournalBatch | None) -> list[bytes]:
    assert batch is not None
    return [base64.b64decode(one) for one in batch.entries]


def test_entries_make_a_chain_that_the_contract_accepts(journal: Journal) -> None:
    """What was appended is a batch that continues from the beginning up to a signed head."""
    receipts = add(journal, 7)
    batch = journal.batch()
    head, _entries = extend(Head("room-1", "epoch-1"), read(batch))
    assert batch is not None
    word = open_checkpoint(batch.head, KeyRing([BOX.public]))
    assert (word.seq, word.head) == (head.seq, head.hash) == (7, receipts[-1].hash)
    assert journal.verify(HUBS).hash == head.hash


def test_a_journal_goes_on_where_it_was(tmp_path: Path) -> None:
    """Opened again, it has the same epoch, owes the same, and continues its chain."""
    path = tmp_path / "j"
    first = make_journal(path)
    add(first, 3)
    first.close()
    again = Journal(path, "room-1", BOX, Ticks(), "boot-2", epoch=lambda: "another")
    add(again, 2)
    assert (again.epoch, again.owed(), again.verify(HUBS).seq) == ("epoch-1", 5, 5)
    again.close()


def test_a_new_file_is_a_new_epoch(tmp_path: Path) -> None:
    """A lost disk can't be passed off as the old journal."""
    epochs = set()
    for name in ("a", "b"):
        journal = Journal(tmp_path / name, "room-1", BOX, Ticks(), "boot-1")
        epochs.add(journal.epoch)
        journal.close()
    assert len(epochs) == 2


def test_another_boxs_journal_is_refused(tmp_path: Path) -> None:
    """A room does not write into a journal that it was given by mistake."""
    make_journal(tmp_path / "j").close()
    with pytest.raises(Unverified, match="move it aside"):
        Journal(tmp_path / "j", "room-2", BOX, Ticks(), "boot-1")


def test_batches_keep_their_limits(journal: Journal) -> None:
    """A batch has at most the entries asked for and stays below the largest message."""
    add(journal, 40, filler="x" * 40_000)
    batch = journal.batch()
    assert batch is not None
    assert 1 < len(batch.entries) < 40
    assert len(batch.model_dump_json()) < BATCH_BYTES
    few = journal.batch(after=10, limit=3)
    assert few is not None
    assert (few.first, len(few.entries)) == (11, 3)
    assert journal.batch(after=40) is None


def test_a_batch_sent_again_is_the_same_bytes(journal: Journal) -> None:
    """A repetition can be told from a new batch by its bytes, whatever the clock says."""
    add(journal, 4)
    assert journal.batch() == journal.batch()


def test_only_the_hubs_signed_word_empties_the_outbox(journal: Journal) -> None:
    """What the hub signed for is owed no more, and the rest is."""
    receipts = add(journal, 5)
    journal.acknowledge(ack_of(receipts[2]), HUBS)
    assert (journal.acked(), journal.owed()) == (3, 2)
    batch = journal.batch()
    assert batch is not None
    assert batch.first == 4
    assert journal.verify(HUBS).seq == 5, "nothing is deleted while there is space"


@pytest.mark.parametrize(
    "forge",
    [
        lambda r: ack_of(r, _signer(9)),
        lambda r: ack_of(r, _signer(9)).model_copy(update={"keyid": HUB.keyid}),
        lambda r: ack_of(r, head="f" * 64),
        lambda r: ack_of(r, seq=r.seq + 1),
        lambda r: ack_of(r, box="room-2"),
        lambda r: ack_of(r, epoch="epoch-0"),
        lambda r: HUB.sign("application/other", b"{}"),
    ],
    ids=["key", "key-id", "hash", "future", "box", "epoch", "type"],
)
def test_a_forged_acknowledgement_changes_nothing(
    journal: Journal, forge: Callable[[Receipt], Envelope]
) -> None:
    """Another key, another hash, more than there is, another journal: all still owed."""
    last = add(journal, 3)[-1]
    with pytest.raises(Unverified):
        journal.acknowledge(forge(last), HUBS)
    assert journal.owed() == 3


def test_a_restored_hub_is_sent_again_what_it_lost(journal: Journal, log: HubLog) -> None:
    """A new log with less than the old one makes the rest owed again, and is an entry."""
    receipts = add(journal, 5)
    journal.acknowledge(ack_of(receipts[4]), HUBS)
    log.number += 1
    journal.acknowledge(ack_of(receipts[1]), HUBS)
    assert journal.owed() == 3 + 1
    assert last(journal).action == "hub.log_begun"
    log.number, log.leaves, log.places = log.number + 1, [], {}
    journal.acknowledge(ack_of(Receipt(0, GENESIS)), HUBS)
    assert journal.owed() == 5 + 2


def test_a_late_word_changes_nothing(journal: Journal) -> None:
    """What the hub signed before, and has gone past, is known for what it is."""
    receipts = add(journal, 5)
    words = [ack_of(one) for one in receipts]
    for word in words:
        journal.acknowledge(word, HUBS)
    for word in words[:4]:
        with pytest.raises(Late):
            journal.acknowledge(word, HUBS)
    journal.acknowledge(words[4], HUBS)
    assert (journal.owed(), journal.head().seq) == (0, 5)


def test_a_hub_that_went_back_is_evidence(journal: Journal, log: HubLog) -> None:
    """A rolled back log is refused, told once in the journal, and its note kept beside ours."""
    receipts = add(journal, 5)
    journal.acknowledge(ack_of(receipts[0]), HUBS)
    kept = journal.acknowledge(ack_of(receipts[4]), HUBS)
    forged = HubLog(HUB)
    for _twice in range(2):
        with pytest.raises(Inconsistent):
            journal.acknowledge(
                forged.ack(Head("room-1", "epoch-1", 2, receipts[1].hash), log.head()), HUBS
            )
    assert journal.acked() == 5
    assert (last(journal).action, journal.head().seq) == ("hub.log_refused", 6)
    assert set(journal.witnessed()) == {kept.log, forged.note()}
    batch = journal.batch()
    assert batch is not None
    assert (batch.log, batch.seen) == (1, 2), "the hub is told what it signed"


def test_space_is_made_of_the_oldest_acknowledged_entries_alone(tmp_path: Path) -> None:
    """When space is short what is owed stays, and the rest of the chain still verifies."""
    journal = make_journal(tmp_path / "j", free_bytes=lambda: 0)
    receipts = add(journal, 6)
    journal.acknowledge(ack_of(receipts[3]), HUBS)
    rows = journal._db.execute("SELECT min(seq), max(seq) FROM entries").fetchone()
    assert rows == (5, 6)
    assert journal.short_of_space()
    assert journal.verify(HUBS).seq == 6
    journal.acknowledge(ack_of(receipts[5]), HUBS)
    add(journal, 2)
    assert journal.verify(HUBS).seq == 8
    with pytest.raises(Unverified, match="pruned"):
        journal.acknowledge(ack_of(receipts[0]), HUBS)
    journal.close()


def _fill(journal: Journal) -> int:
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={pages + 8}")
    with pytest.raises(StoreFull, match="free space"):
        add(journal, 1000, filler="x" * 2000)
    return journal.head().seq


def test_a_full_disk_refuses_and_loses_nothing(journal: Journal) -> None:
    """The entry that does not fit is refused; all before it stay, and it goes on with space."""
    done = _fill(journal)
    assert done > 0
    assert journal.verify(HUBS).seq == done == journal.owed()
    journal._db.execute("PRAGMA max_page_count=1000000")
    assert add(journal, 1)[0].seq == done + 1
    assert journal.verify(HUBS).seq == done + 1


def test_a_full_disk_takes_more_once_entries_are_acknowledged(journal: Journal) -> None:
    """Acknowledged entries make room for new ones before anything is refused."""
    done = _fill(journal)
    head = journal.head()
    journal.acknowledge(ack_of(Receipt(head.seq, head.hash)), HUBS)
    assert add(journal, 1, filler="x" * 2000)[0].seq == done + 1
    assert journal.verify(HUBS).seq == done + 1


def test_a_disk_that_is_really_full_is_named(tmp_path: Path) -> None:
    """A write that the kernel refuses for want of space is the same clear failure."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    with pytest.raises(StoreFull), named_failures(tmp_path / "j"):
        raise error


def test_a_folder_that_is_gone_and_a_file_of_junk_are_named(tmp_path: Path) -> None:
    """A journal that can't be opened is one line that says what to do."""
    with pytest.raises(Unavailable, match="check its disk"):
        make_journal(tmp_path / "none" / "j")
    (tmp_path / "junk").write_bytes(b"this is no database " * 100)
    with pytest.raises(Unverified, match="move it aside"):
        make_journal(tmp_path / "junk")


def test_what_can_not_be_sealed_is_refused_and_the_chain_stays_whole(journal: Journal) -> None:
    """A float, bytes or an overlong entry is bad input; the next entry continues the chain."""
    for detail in ({"ms": 0.5}, {"raw": b"x"}, {"long": "x" * ENTRY_BYTES}, {"s": "\ud800"}):
        with pytest.raises(BadInput) as caught:
            journal.append(
                action="turn",
                outcome="ok",
                subject="s",
                actor="a",
                detail=detail,  # type: ignore[arg-type]
            )
        assert "xxx" not in str(caught.value)
    assert add(journal, 1)[0].seq == 1


def test_many_threads_make_one_chain(journal: Journal) -> None:
    """Appends from eight threads are one chain in which each receipt has its place."""
    receipts: list[Receipt] = []
    threads = [threading.Thread(target=lambda: receipts.extend(add(journal, 10))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.seq for receipt in receipts) == list(range(1, 81))
    assert journal.verify(HUBS).seq == 80


def test_two_openings_of_one_journal_make_one_chain(tmp_path: Path) -> None:
    """A second process on the same file continues the chain and does not fork it."""
    clock = Ticks()
    both = [Journal(tmp_path / "j", "room-1", BOX, clock, "boot-1") for _ in range(2)]
    for _ in range(5):
        for journal in both:
            add(journal, 1)
    assert both[0].verify(HUBS).seq == 10
    for journal in both:
        journal.close()


def test_a_watcher_hears_of_each_append(journal: Journal) -> None:
    """The outbox is woken once an entry is durable."""
    heard: list[int] = []
    journal.watch(lambda: heard.append(journal.owed()))
    add(journal, 2)
    assert heard == [1, 2]


_TAMPERING = {
    "edit": "UPDATE entries SET data ="
    " CAST(replace(CAST(data AS TEXT), 'answered', 'refused!') AS BLOB) WHERE seq = 3",
    "edit and hash": "UPDATE entries SET hash = '{other}' WHERE seq = 3",
    "delete first": "DELETE FROM entries WHERE seq = 1",
    "delete middle": "DELETE FROM entries WHERE seq = 4",
    "reorder": "UPDATE entries SET data = (SELECT data FROM entries WHERE seq = 9 - e.seq)"
    " FROM (SELECT seq FROM entries) e WHERE entries.seq = e.seq AND e.seq IN (4, 5)",
    "insert": "INSERT INTO entries SELECT 9, hash, data FROM entries WHERE seq = 3",
    "cut after ack": "DELETE FROM entries WHERE seq > 4",
    "unsay ack": "UPDATE journal SET ack = replace(ack, 'sig', 'gis')",
    "cut before ack": "DELETE FROM entries WHERE seq > 7",
    "unsay its own word": "DELETE FROM word",
    "renumber": "UPDATE entries SET seq = seq + 100",
}


@pytest.mark.parametrize("statement", _TAMPERING.values(), ids=_TAMPERING.keys())
def test_every_tampering_with_the_file_is_found(journal: Journal, statement: str) -> None:
    """Whoever edits the box's file is found out by reading it against the hub's last word."""
    receipts = add(journal, 8)
    journal.acknowledge(ack_of(receipts[5]), HUBS)
    assert journal.verify(HUBS).seq == 8
    journal._db.execute(statement.replace("{other}", "e" * 64))
    with pytest.raises(Unverified):
        journal.verify(HUBS)


def test_an_end_that_was_never_acknowledged_can_be_put_back_unnoticed(journal: Journal) -> None:
    """Whoever kept the box's older word can: docs/ledger.md says so, and this test holds it."""
    receipts = add(journal, 6)
    journal.acknowledge(ack_of(receipts[5]), HUBS)
    (word,) = journal._db.execute("SELECT envelope FROM word").fetchone()
    add(journal, 2)
    journal._db.execute("DELETE FROM entries WHERE seq > 6")
    with pytest.raises(Unverified, match="end was altered"):
        journal.verify(HUBS)
    journal._db.execute("UPDATE word SET envelope = ?", (word,))
    assert journal.verify(HUBS).seq == 6
