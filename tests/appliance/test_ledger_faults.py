"""The way of an entry from box to hub over a real broker, through networks that fail."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.journal.journal import Journal
from hub.audit.schemas import Filters, Why
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tables import TABLES
from hub.storage.base import Base
from hub.storage.engine import Database
from tests.appliance.small_clinic import CLINIC, Clinic, Mosquitto, entries, eventually
from tests.appliance.test_journal import BOX, HUBS, Ticks, add, make_journal
from voiceassist.contract.ledger import Sealed
from voiceassist.timekeeping import SystemClock

# paho leaves the socket of a handshake that was cut off to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
_KILLS = int(os.environ.get("LEDGER_KILLS", "25"))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = Clinic(tmp_path, real=True, proxied=True)
    made.broker.start()
    made.start_hub()
    yield made
    made.close()


def alarms(clinic: Clinic) -> set[str]:
    found, _total = clinic.audit.search(Filters(action="audit.alarm"), 0, 100)
    return {one.outcome for one in found}


def last_actions(journal: Journal) -> list[str]:
    rows = journal._db.execute("SELECT data FROM entries ORDER BY seq DESC LIMIT 3")
    return [Sealed.from_bytes(data).entry().action for (data,) in rows]


@pytest.mark.broker
@pytest.mark.slow
def test_a_half_open_connection_is_found_and_nothing_is_lost(clinic: Clinic) -> None:
    """The network takes everything and delivers nothing; the room notices, and sends again."""
    assert clinic.proxy is not None
    room = clinic.room()
    room.turns(5)
    eventually(room.settled, "the first acknowledgement")
    clinic.proxy.deaf = True
    room.turns(50)
    eventually(lambda: not room.sync.link.up, "the silence to be noticed")
    clinic.proxy.deaf = False
    eventually(room.settled, "the rest")
    assert entries(clinic) == 55
    assert alarms(clinic) == set()


@pytest.mark.broker
@pytest.mark.slow
def test_cuts_at_any_moment_lose_and_double_nothing(clinic: Clinic) -> None:
    """Connections that end mid-flight, and slow ones, a dozen times, seeded."""
    assert clinic.proxy is not None
    room, rng = clinic.room(), random.Random(21)
    for _ in range(12):
        clinic.proxy.slow_s = rng.choice((0.0, 0.002))
        room.turns(rng.randrange(1, 80))
        time.sleep(rng.random() / 10)
        clinic.proxy.cut()
    clinic.proxy.slow_s = 0.0
    eventually(room.settled, "the rest")
    assert entries(clinic) == room.journal.head().seq
    assert alarms(clinic) <= {"gap"}


@pytest.mark.broker
@pytest.mark.slow
def test_a_partition_ends_with_everything_delivered(clinic: Clinic) -> None:
    """The network is away while both go on; every room catches up."""
    assert clinic.proxy is not None
    rooms = [clinic.room(f"room-{n}") for n in (1, 2, 3)]
    clinic.proxy.closed = True
    clinic.proxy.cut()
    for room in rooms:
        room.turns(700)
    eventually(lambda: not any(room.sync.link.up for room in rooms), "the partition")
    clinic.proxy.closed = False
    for room in rooms:
        eventually(room.settled, "catching up")
    assert entries(clinic) == 2100


@pytest.mark.broker
@pytest.mark.slow
def test_a_broker_killed_again_and_again_loses_nothing(clinic: Clinic) -> None:
    """SIGKILL after PUBACK, with what the broker had not saved gone, six times."""
    assert isinstance(clinic.broker, Mosquitto)
    room, rng = clinic.room(), random.Random(22)
    for _ in range(6):
        room.turns(rng.randrange(50, 150))
        time.sleep(rng.random() / 20)
        clinic.broker.stop(signal.SIGKILL)
        clinic.broker.start()
    eventually(room.settled, "the acknowledgements")
    assert entries(clinic) == room.journal.head().seq
    assert alarms(clinic) <= {"gap"}


def _copy(clinic: Clinic) -> Path:
    with clinic.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    kept = clinic.folder / "hub.copy"
    shutil.copy(clinic.folder / "hub.sqlite", kept)
    return kept


def _put_back(clinic: Clinic, kept: Path) -> None:
    clinic.database.close()
    for end in ("-wal", "-shm"):
        (clinic.folder / f"hub.sqlite{end}").unlink(missing_ok=True)
    shutil.copy(kept, clinic.folder / "hub.sqlite")


@pytest.mark.broker
@pytest.mark.slow
def test_a_hub_restored_from_a_copy_is_refused_until_it_says_so(clinic: Clinic) -> None:
    """The room keeps what it has; once the hub begins a new log, what it lost is sent again."""
    room = clinic.room()
    room.turns(20)
    eventually(room.settled, "the first acknowledgement")
    kept = _copy(clinic)
    room.turns(20)
    eventually(room.settled, "the second acknowledgement")
    clinic.stop_hub()
    _put_back(clinic, kept)
    clinic.start_hub()
    room.turns(5)
    eventually(lambda: "restored" in room.sync.link.problem, "the refusal in words")
    assert room.journal.owed() > 0
    assert "hub.log_refused" in last_actions(room.journal)
    eventually(lambda: "log_went_back" in alarms(clinic), "the hub's own alarm")
    clinic.audit.restored(actor="it", why=Why.EXERCISE)
    eventually(room.settled, "the new log")
    assert room.sync.link.problem == ""
    assert entries(clinic) == room.journal.head().seq
    assert {"gap", "log_went_back"} >= alarms(clinic)


@pytest.mark.broker
@pytest.mark.slow
def test_a_hub_that_tells_another_story_is_not_followed(clinic: Clinic) -> None:
    """A second database under the same key takes over: the room refuses it, and returns."""
    room = clinic.room()
    room.turns(20)
    eventually(room.settled, "the acknowledgement")
    clinic.stop_hub()
    other = Database(f"sqlite:///{clinic.folder / 'other.sqlite'}")
    Base.metadata.create_all(other.engine, tables=[kind.__table__ for kind in TABLES])  # type: ignore[misc]
    split = AuditService(
        AuditStore(other), clinic, clinic.ack_key, _Back(), boot="b", epoch=lambda: "e",
        clinic=CLINIC,
    )  # fmt: skip
    clinic.start_hub(split.ingest)
    room.turns(1)
    eventually(lambda: "hub.log_refused" in last_actions(room.journal), "the refusal")
    assert not room.sync.link.up
    assert len(room.journal.witnessed()) == 2, "both signed words are evidence"
    clinic.stop_hub()
    clinic.start_hub()
    eventually(room.settled, "the true hub")
    assert entries(clinic) == room.journal.head().seq
    other.close()


class _Back(SystemClock):
    """A second log does not say that it is a new one."""

    def wall_ms(self) -> int:
        return super().wall_ms() - 3_600_000


@pytest.mark.broker
def test_a_cloned_disk_is_found(clinic: Clinic) -> None:
    """Two boxes with one identity and one past: the second story is kept aside and alarmed."""
    room = clinic.room()
    room.turns(10)
    eventually(room.settled, "the acknowledgement")
    room.close()
    path = clinic.folder / "room-1" / "journal"
    shutil.copy(path, clinic.folder / "clone")
    again = clinic.room()
    again.turns(3)
    eventually(again.settled, "the true box")
    again.close()
    shutil.copy(clinic.folder / "clone", path)
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    clone = clinic.room()
    clone.turns(5)
    eventually(lambda: "fork" in alarms(clinic), "the alarm")
    assert clinic.audit.verify_all().ok


@pytest.mark.slow
@pytest.mark.timeout(0 if _KILLS > 100 else 120)
@pytest.mark.parametrize("kind", ["box", "hub"])
def test_sigkills_lose_nothing_that_was_told(kind: str) -> None:
    """Whatever a box or a hub had told is on the disk and verifies; LEDGER_KILLS sets how many."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.appliance.killing", kind, str(_KILLS), "4", folder],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    counts = json.loads(done.stdout)
    assert counts["kills"] == _KILLS
    assert counts["lost"] == 0
    assert counts["kept"] >= counts["told"] > 0


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_a_torn_wal_leaves_a_whole_chain(tmp_path: Path, cut: int) -> None:
    """The write-ahead log ends anywhere: what is left verifies, with no entry of it altered."""
    journal = make_journal(tmp_path / "j")
    add(journal, 12)
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"j{end}", tmp_path / f"torn{end}")
    journal.close()
    wal = tmp_path / "torn-wal"
    data = wal.read_bytes()
    wal.write_bytes(data[: len(data) * cut // 100])
    torn = Journal(tmp_path / "torn", "room-1", BOX, Ticks(), "boot-2")
    head = torn.verify(HUBS)
    assert head.seq <= 12
    assert add(torn, 1)[0].seq == head.seq + 1
    assert torn.verify(HUBS).seq == head.seq + 1
    torn.close()
