"""Room and hub over a real Mosquitto, with the configuration that `broker-config` writes."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.sync.broker import MqttTransport, Reconnect
from tests.appliance.small_clinic import (
    CLINIC,
    Clinic,
    entries,
    eventually,
)
from tests.contract.log_of_hub import HubLog
from voiceassist.contract.signing import Envelope, Signer, as_pem
from voiceassist.contract.wire import RoomState, Topics
from voiceassist.errors import Unverified


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.broker)])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    made = Clinic(tmp_path, real=request.param == "real")
    yield made
    made.close()


@pytest.fixture
def real_clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = Clinic(tmp_path, real=True)
    made.broker.start()
    yield made
    made.close()


def test_what_a_room_records_arrives_verified_and_is_signed_for(clinic: Clinic) -> None:
    """Entries from before and after the link get to the hub; then the outbox is empty."""
    clinic.broker.start()
    clinic.start_hub()
    room = clinic.room()
    room.turns(700)
    eventually(room.settled, "the acknowledgement")
    assert entries(clinic) == 700
    assert room.sync.link.up
    assert room.sync.link.last_ack_ms > 0
    assert clinic.audit.verify_all().quarantined == 0
    room.turns(3)
    eventually(room.settled, "the later ones")
    assert entries(clinic) == 703


def test_a_dead_broker_at_the_start_is_no_error(clinic: Clinic) -> None:
    """The room records and goes on; when a broker appears all of it is delivered, once."""
    room = clinic.room()
    room.turns(20)
    eventually(lambda: "broker" in room.sync.link.problem, "the problem in words")
    assert not room.sync.link.up
    assert room.sync.link.owed == 20
    clinic.broker.start()
    clinic.start_hub()
    eventually(room.settled, "the acknowledgement")
    assert entries(clinic) == 20
    assert room.changes[-1].up


def test_a_broker_killed_after_it_took_everything_loses_nothing(clinic: Clinic) -> None:
    """SIGKILL after PUBACK, with no hub to have heard: the room sends again, and once counts."""
    clinic.broker.start()
    room = clinic.room()
    room.turns(600)
    eventually(lambda: room.sync._window.sent == 600 or room.sync._window.silent, "the sending")
    time.sleep(0.3)
    clinic.broker.stop(signal.SIGKILL)
    eventually(lambda: not room.sync.link.connected, "the loss of the broker")
    assert room.journal.owed() == 600
    clinic.broker.start()
    clinic.start_hub()
    eventually(room.settled, "the acknowledgement")
    assert entries(clinic) == 600


def test_a_hub_that_was_down_gets_what_it_missed(clinic: Clinic) -> None:
    """The hub goes, the room says so and records on; the hub comes back and has all of it."""
    clinic.broker.start()
    clinic.start_hub()
    room = clinic.room()
    room.turns(5)
    eventually(room.settled, "the first acknowledgement")
    clinic.stop_hub()
    room.turns(30)
    eventually(lambda: not room.sync.link.answers, "the hub's silence being noticed")
    assert "kept" in room.sync.link.problem
    clinic.start_hub()
    eventually(room.settled, "the second acknowledgement")
    eventually(lambda: room.sync.link.up and not room.sync.link.problem, "the all-clear")
    assert entries(clinic) == 35


def test_a_box_that_restarts_goes_on_where_it_was(clinic: Clinic) -> None:
    """A room that stops with entries owed delivers them when it runs again."""
    room = clinic.room()
    room.turns(10)
    room.close()
    clinic.broker.start()
    clinic.start_hub()
    again = clinic.room()
    again.turns(1)
    eventually(again.settled, "the acknowledgement")
    assert entries(clinic) == 11


@pytest.mark.broker
def test_an_acknowledgement_by_another_key_empties_nothing(real_clinic: Clinic) -> None:
    """Whoever has the hub's place at the broker, but not its key, can't make a room forget."""
    forger = Signer(Ed25519PrivateKey.from_private_bytes(b"f" * 32))
    room = real_clinic.room()

    def forge(name: str, payload: bytes) -> Envelope:
        head = room.journal.head()
        return HubLog(forger, CLINIC).ack(head)

    real_clinic.start_hub(forge)
    room.turns(4)
    eventually(lambda: "not trusted" in room.sync.link.problem, "the refusal")
    assert room.journal.owed() == 4
    real_clinic.stop_hub()
    real_clinic.start_hub()
    eventually(room.settled, "the true acknowledgement")


@pytest.mark.broker
def test_the_same_batch_twice_counts_once(real_clinic: Clinic) -> None:
    """A broker that delivers twice, as QoS 1 may, makes neither duplicates nor alarms."""
    real_clinic.start_hub(
        lambda name, payload: (
            real_clinic.audit.ingest(name, payload) and real_clinic.audit.ingest(name, payload)
        )
    )
    room = real_clinic.room()
    room.turns(50)
    eventually(room.settled, "the acknowledgement")
    assert entries(real_clinic) == 50
    assert real_clinic.audit.verify_all().entries == 50, "no alarm in the hub's own journal"


@pytest.mark.broker
def test_state_will_and_hints_travel(real_clinic: Clinic) -> None:
    """The hub sees a room ready, lost and gone; a room that comes later hears of the edition."""
    real_clinic.start_hub()
    assert real_clinic.mqtt is not None
    real_clinic.mqtt.publish_edition(3)
    room = real_clinic.room()
    eventually(lambda: 3 in room.editions, "the retained hint")
    eventually(lambda: [s.status for s in real_clinic.states][-1:] == ["ready"], "the state")
    assert isinstance(room.transport, MqttTransport)
    wire = room.transport._client.socket()
    assert isinstance(wire, socket.socket)
    wire.shutdown(socket.SHUT_RDWR)
    eventually(lambda: "offline" in [s.status for s in real_clinic.states], "the last will")
    eventually(lambda: real_clinic.states[-1].status == "ready", "the return")
    room.close()
    eventually(lambda: real_clinic.states[-1].status == "offline", "the farewell")
    assert any(not change.connected for change in room.changes)


@pytest.mark.broker
def test_a_change_of_the_room_is_told_at_once(real_clinic: Clinic) -> None:
    """The hub sees a new edition in the room before the state would be repeated by itself."""
    real_clinic.start_hub()
    room = real_clinic.room()
    eventually(lambda: [s.edition for s in real_clinic.states][-1:] == [0], "the first state")
    room.edition = 2
    room.sync.tell()
    eventually(lambda: real_clinic.states[-1].edition == 2, "the new edition")


@pytest.mark.broker
def test_rooms_do_not_speak_for_each_other(real_clinic: Clinic) -> None:
    """Two rooms deliver side by side; what one sends in the other's name gets nowhere."""
    real_clinic.start_hub()
    rooms = [real_clinic.room("room-1"), real_clinic.room("room-2")]
    eventually(lambda: len(real_clinic.states) >= 2, "both rooms")
    topics = Topics(CLINIC)
    forged = RoomState(room="x", status="ready").model_dump_json()
    rooms[1].transport.publish(topics.journal("room-1"), "junk")
    rooms[1].transport.publish(topics.state("room-1"), forged)
    for room in rooms:
        room.turns(120)
    for room in rooms:
        eventually(room.settled, "the acknowledgement")
    report = real_clinic.audit.verify_all()
    assert {chain.box: chain.entries for chain in report.chains} == {"room-1": 120, "room-2": 120}
    assert report.quarantined == 0
    assert all(state.room != "x" for state in real_clinic.states)


@pytest.mark.broker
def test_a_machine_of_another_clinic_is_not_let_in(real_clinic: Clinic, tmp_path: Path) -> None:
    """A certificate of another authority opens no connection, and the room says that it lacks."""
    other = Clinic(tmp_path / "other", real=False)
    other.broker.port = real_clinic.broker.port
    identity = other.enrol("room-1")
    identity.ca.write_bytes(real_clinic.authority.cert_pem)  # it trusts the broker all the same
    stranger = Stranger()
    transport = MqttTransport(identity, Reconnect(1, 1))
    transport.start(stranger)
    eventually(lambda: len(stranger.refusals) >= 2, "the refusals")
    transport.stop("x", "")
    other.close()
    assert not stranger.welcomed


class Stranger:
    """Counts what happens to it."""

    def __init__(self) -> None:
        self.welcomed = False
        self.refusals: list[str] = []

    def connected(self) -> None:
        self.welcomed = True

    def disconnected(self, reason: str) -> None:
        self.refusals.append(reason)

    def message(self, topic: str, payload: bytes) -> None:
        raise AssertionError(topic)


_HUB = """
import sys, threading
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from voiceassist.timekeeping import SystemClock
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.fleet.keys import load_public
from hub.mqtt import BrokerAddress, HubMqtt
from hub.storage.engine import Database
from voiceassist.contract.signing import Signer

folder, port, pem = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

class Keys:
    def key(self, room):
        return load_public(pem)

audit = AuditService(
    AuditStore(Database(f"sqlite:///{folder / 'hub.sqlite'}")), Keys(),
    Signer(Ed25519PrivateKey.from_private_bytes(b"a" * 32)), SystemClock(),
    boot="b", epoch=lambda: "hub-1", clinic="north",
)
files = [folder / name for name in ("ca.crt", "hub.crt", "hub.key")]
HubMqtt(
    BrokerAddress("127.0.0.1", port, *files), "north",
    on_journal=audit.ingest, on_state=lambda topic, payload: None,
).start()
threading.Event().wait()
"""


@pytest.mark.broker
@pytest.mark.slow
def test_a_hub_killed_at_any_moment_loses_and_doubles_nothing(real_clinic: Clinic) -> None:
    """SIGKILL of the hub while it takes entries in, three times; then every entry is there once."""
    rng = random.Random(3)
    room = real_clinic.room()
    pem = as_pem(real_clinic.rooms["room-1"])
    port = str(real_clinic.broker.port)
    command = [sys.executable, "-c", _HUB, str(real_clinic.folder), port, pem]
    sent = 0
    for kill in (True, True, True, False):
        hub = subprocess.Popen(command)
        room.turns(150)
        sent += 150
        before = room.journal.acked()
        eventually(lambda known=before: room.journal.acked() > known, "a first acknowledgement")  # type: ignore[misc]
        if kill:
            time.sleep(rng.random() / 10)
        else:
            eventually(room.settled, "the last acknowledgement")
        hub.kill()
        hub.wait()
        report = real_clinic.audit.verify_all()
        kept = sum(chain.entries for chain in report.chains if chain.box == "room-1")
        assert report.ok, report.problem
        assert kept >= room.journal.acked(), "what was signed for is there"
    assert kept == sent


@pytest.mark.broker
def test_a_poison_message_stops_nobody(real_clinic: Clinic) -> None:
    """Junk on a room's topic is kept aside, and the room's own entries still arrive."""
    real_clinic.start_hub()
    room = real_clinic.room()
    topics = Topics(CLINIC)
    for junk in ("", "[" * 50_000, '{"v":1}', "x" * 100_000):
        room.transport.publish(topics.journal("room-1"), junk)
    room.transport.publish(topics.state("room-1"), "junk")
    room.turns(10)
    eventually(room.settled, "the acknowledgement")
    assert entries(real_clinic) == 10
    assert real_clinic.audit.verify_all().quarantined == 4


def test_a_certificate_that_is_damaged_is_named(tmp_path: Path) -> None:
    """A room whose certificate can't be used says which, and how to mend it."""
    clinic = Clinic(tmp_path, real=False)
    identity = clinic.enrol("room-1")
    identity.cert.write_text("junk")
    with pytest.raises(Unverified, match="enrol it again"):
        MqttTransport(identity, Reconnect())
    clinic.close()
