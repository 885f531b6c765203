"""A clinic for tests: a hub, rooms, and a Mosquitto with the settings of `broker-config`."""

from __future__ import annotations

import datetime as dt
import getpass
import itertools
import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.enrol import Identity, accept_enrolment, load_identity, request_enrolment
from appliance.journal.journal import Journal
from appliance.sync.broker import Inbox, MqttTransport, Reconnect, Transport
from appliance.sync.link import LinkState
from appliance.sync.sync import Sync, Times
from appliance.sync.window import Patience
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tables import TABLES
from hub.fleet import pki
from hub.fleet.broker import BrokerPlace, access_list, configuration
from hub.fleet.keys import load_public
from hub.mqtt import BrokerAddress, HubMqtt
from hub.storage.base import Base
from hub.storage.engine import Database
from tests.appliance.proxy import Proxy
from voiceassist.contract.signing import Envelope, Signer, as_pem
from voiceassist.contract.wire import RoomState, Topics
from voiceassist.timekeeping import SystemClock

CLINIC = "north"
TIMES = Times(
    tick_s=0.05,
    state_s=600.0,  # what changes is told at once
    patience=Patience(width=4, first_s=0.5, most_s=2.0),
    reconnect=Reconnect(1, 1),
)


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait for what other threads and processes do."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail(f"never came: {what}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Mosquitto:
    """A broker of the test's own."""

    def __init__(self, folder: Path, authority: pki.Identity, now: dt.datetime) -> None:
        self.port = free_port()
        place = BrokerPlace(
            folder, folder / "data", "127.0.0.1", self.port, run_as=getpass.getuser()
        )
        server = pki.make_server(authority, "broker", ["127.0.0.1"], now)
        place.data.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(authority.cert_pem)
        (folder / "broker.crt").write_bytes(server.cert_pem)
        (folder / "broker.key").write_bytes(server.key_pem)
        (folder / "acl").write_text(access_list(CLINIC))
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(configuration(place))
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(self._conf)], stdout=log, stderr=log
            )
        eventually(self._answers, f"the broker\n{self._log.read_text()}")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


class NoBroker:
    """In place of Mosquitto: passes everything on at once while it is up."""

    def __init__(self) -> None:
        self.port = 1
        self.up = False
        self.hub: AuditService | None = None
        self.lines: list[Line] = []

    def start(self) -> None:
        self.up = True
        for line in self.lines:
            line.inbox.connected()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.up = False
        for line in self.lines:
            line.inbox.disconnected("the broker is away")


@dataclass
class Line:
    """A room's transport over `NoBroker`. Like a PUBACK, `publish` promises nothing."""

    bus: NoBroker
    inbox: Inbox = field(init=False)

    def start(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.bus.lines.append(self)
        if self.bus.up:
            inbox.connected()
        else:
            inbox.disconnected("the broker can't be reached")

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        room = Topics.room_of(topic)
        if not (self.bus.up and self.bus.hub and topic == Topics(CLINIC).journal(room)):
            return
        ack = self.bus.hub.ingest(room, payload.encode())
        if ack is not None:
            self.inbox.message(Topics(CLINIC).journal_ack(room), ack.to_json())

    def stop(self, topic: str, farewell: str) -> None:
        self.bus.lines.remove(self)


class Clinic:
    """A hub, a broker and rooms, each of which may die and come back."""

    def __init__(self, folder: Path, *, real: bool, proxied: bool = False) -> None:
        now = dt.datetime.now(dt.UTC)
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.authority = pki.make_authority(CLINIC, now)
        self.ack_key = Signer(Ed25519PrivateKey.from_private_bytes(b"a" * 32))
        self.rooms: dict[str, Ed25519PublicKey] = {}
        self.broker: Mosquitto | NoBroker = (
            Mosquitto(folder / "broker", self.authority, now) if real else NoBroker()
        )
        self.proxy = Proxy(self.broker.port) if proxied else None
        client = pki.make_client(self.authority, "hub", now)
        (folder / "hub.crt").write_bytes(client.cert_pem)
        (folder / "hub.key").write_bytes(client.key_pem)
        (folder / "ca.crt").write_bytes(self.authority.cert_pem)
        self.database = Database(f"sqlite:///{folder / 'hub.sqlite'}")
        Base.metadata.create_all(
            self.database.engine,
            tables=[kind.__table__ for kind in TABLES],  # type: ignore[misc]
        )
        epochs = itertools.count(1)
        self.audit = AuditService(
            AuditStore(self.database),
            self,
            self.ack_key,
            SystemClock(),
            boot="hub-boot",
            epoch=lambda: f"hub-{next(epochs)}",
            clinic=CLINIC,
        )
        self.states: list[RoomState] = []
        self.mqtt: HubMqtt | None = None
        self._open: list[Callable[[], None]] = [self.database.close, self.broker.stop]

    def key(self, room: str) -> Ed25519PublicKey | None:
        return self.rooms.get(room)

    def start_hub(self, on_journal: Callable[[str, bytes], Envelope | None] | None = None) -> None:
        if isinstance(self.broker, NoBroker):
            self.broker.hub = self.audit
            return
        files = (self.folder / name for name in ("ca.crt", "hub.crt", "hub.key"))
        self.mqtt = HubMqtt(
            BrokerAddress("127.0.0.1", self.broker.port, *files),
            CLINIC,
            on_journal=on_journal or self.audit.ingest,
            on_state=lambda _t, payload: self.states.append(RoomState.model_validate_json(payload)),
            reconnect_s=(1, 1),
        )
        self.mqtt.start()

    def stop_hub(self) -> None:
        if isinstance(self.broker, NoBroker):
            self.broker.hub = None
        elif self.mqtt is not None:
            self.mqtt.stop()
            self.mqtt = None

    def enrol(self, room: str) -> Identity:
        """The whole enrolment: request, certificate, kit, accept."""
        box = self.folder / room
        request = json.loads(request_enrolment(room, box).read_text())
        self.rooms[room] = load_public(request["machine_public_pem"])
        certificate = pki.certify_room(
            self.authority, request["csr_pem"].encode(), room, dt.datetime.now(dt.UTC)
        )
        kit = {
            "clinic": CLINIC,
            "room": room,
            "ca_pem": self.authority.cert_pem.decode(),
            "cert_pem": pki.Identity(certificate, self.authority.key).cert_pem.decode(),
            "edition_public_pem": [as_pem(self.ack_key.public)],
            "ack_public_pem": [as_pem(self.ack_key.public)],
            "hub_url": "https://127.0.0.1:1",
            "mqtt_host": "127.0.0.1",
            "mqtt_port": self.proxy.port if self.proxy else self.broker.port,
        }
        (box / "kit.json").write_text(json.dumps(kit))
        accept_enrolment(box / "kit.json", box)
        return load_identity(box)

    def room(self, name: str = "room-1") -> Room:
        made = Room(self, self.enrol(name))
        self._open.insert(0, made.close)
        return made

    def close(self) -> None:
        self.stop_hub()
        for close in self._open:
            close()
        if self.proxy is not None:
            self.proxy.close()


class Room:
    """One box: journal and sync."""

    def __init__(self, clinic: Clinic, identity: Identity) -> None:
        bus = clinic.broker
        transport: Transport = (
            Line(bus) if isinstance(bus, NoBroker) else MqttTransport(identity, TIMES.reconnect)
        )
        self.transport = transport
        self.changes: list[LinkState] = []
        self.editions: list[int] = []
        self.edition = 0
        path = clinic.folder / identity.room / "journal"
        self.journal = Journal(path, identity.room, identity.signer, SystemClock(), "boot")
        self.sync = Sync(
            identity,
            self.journal,
            SystemClock(),
            state=lambda: RoomState(room=identity.room, status="ready", edition=self.edition),
            on_link=self.changes.append,
            on_edition=self.editions.append,
            times=TIMES,
            transport=transport,
        )
        self.sync.start()
        self._closed = False

    def turns(self, count: int) -> None:
        for n in range(count):
            self.journal.append(
                action="turn",
                outcome="answered",
                subject=f"t{n}",
                actor="room-1",
                detail={"route": "room", "filler": "x" * 200},
            )

    def settled(self) -> bool:
        return self.journal.owed() == 0

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.sync.stop()
            self.journal.close()


def entries(clinic: Clinic) -> int:
    report = clinic.audit.verify_all()
    assert report.ok, report.problem
    return sum(chain.entries for chain in report.chains if chain.box != "hub")
