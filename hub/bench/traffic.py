"""Entries over a Mosquitto with mutual TLS: the hub here, rooms in a process of their own."""

from __future__ import annotations

import datetime as dt
import getpass
import multiprocessing
import queue
import shutil
import socket
import ssl
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.bench.entries import batches, empty_log, signer
from hub.fleet import pki
from hub.fleet.broker import BrokerPlace, access_list, configuration
from hub.mqtt import BrokerAddress, HubMqtt
from voiceassist.contract.ledger import open_ack
from voiceassist.contract.signing import Envelope, KeyRing
from voiceassist.contract.wire import Topics
from voiceassist.errors import Unavailable
from voiceassist.timekeeping import SystemClock

CLINIC = "bench"
ROOMS = ("room-1", "room-2")
_WINDOW = 4
_PATIENCE_S = 120.0


class _Keys:
    def key(self, room: str) -> Any:
        return signer(room).public


def through_broker(folder: Path, entries: int) -> dict[str, Any]:
    """How many entries a second come through: MQTT, verified, FULL commit, signed word back."""
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if mosquitto is None:
        raise Unavailable("no Mosquitto on this machine; install it, or use --no-broker")
    folder.mkdir()
    port = _free_port()
    address = BrokerAddress("127.0.0.1", port, *_prepare(folder, port))
    database = empty_log(folder / "hub.sqlite")
    service = AuditService(
        AuditStore(database), _Keys(), signer("hub"), SystemClock(), boot="b",
        epoch=lambda: "e", clinic=CLINIC,
    )  # fmt: skip
    hub = HubMqtt(
        address, CLINIC, on_journal=service.ingest, on_state=lambda _topic, _payload: None
    )
    command = [mosquitto, "-c", str(folder / "mosquitto.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 - no shell
    try:
        _await(port)
        hub.start()
        wall_s, waits = _sent_by_others(folder, port, entries)
        counted = service.verify_all()
    finally:
        hub.stop()
        process.terminate()
        process.wait()
        database.close()
    if not counted.ok or counted.entries != entries // len(ROOMS) * len(ROOMS):
        raise RuntimeError(f"{counted.entries} entries of {entries}: {counted.problem}")
    return {
        "end_to_end_per_s": round(entries / wall_s),
        "ack_p50_ms": round(statistics.median(waits) * 1000),
        "ack_p99_ms": round(statistics.quantiles(waits, n=100, method="inclusive")[98] * 1000),
    }


def _sent_by_others(folder: Path, port: int, entries: int) -> tuple[float, list[float]]:
    """The rooms in a process of their own: seconds in all, and for each acknowledgement."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    rooms = context.Process(target=send_all, args=(str(folder), port, entries, told))
    rooms.start()
    try:
        wall_s, waits = told.get(timeout=_PATIENCE_S + entries / 500)
    finally:
        rooms.join(timeout=10)
    return wall_s, waits


def send_all(folder: str, port: int, entries: int, told: Any) -> None:
    """Be the rooms: each sends its batches, four on their way, until the hub has signed for all."""
    rooms = [_Room(Path(folder), port, name, entries // len(ROOMS)) for name in ROOMS]
    for room in rooms:
        room.ready()
    began = time.perf_counter()
    for room in rooms:
        room.pump()
    waits = [wait for room in rooms for wait in room.finish()]
    told.put((time.perf_counter() - began, waits))


class _Room:
    def __init__(self, folder: Path, port: int, name: str, entries: int) -> None:
        self._topics, self._name = Topics(CLINIC), name
        self._batches = batches(name, entries)
        self._entries = entries
        self._sent: list[float] = []
        self._waits: list[float] = []
        self._events: queue.Queue[str] = queue.Queue()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5
        )
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        self._client.tls_set_context(context)
        self._client.on_subscribe = lambda *_: self._events.put("ready")
        self._client.on_connect = lambda client, *_: client.subscribe(
            self._topics.journal_ack(name), qos=1
        )
        self._client.on_message = self._on_ack
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def ready(self) -> None:
        """Wait until acknowledgements can come."""
        self._events.get(timeout=_PATIENCE_S)

    def pump(self) -> None:
        """Send while the window is open."""
        while len(self._sent) < len(self._batches) and len(self._sent) - len(self._waits) < _WINDOW:
            self._sent.append(time.perf_counter())
            payload = self._batches[len(self._sent) - 1]
            self._client.publish(self._topics.journal(self._name), payload, qos=1)

    def finish(self) -> list[float]:
        """Wait for the last acknowledgement; how long each took, in seconds."""
        self._events.get(timeout=_PATIENCE_S + self._entries / 500)
        self._client.disconnect()
        self._client.loop_stop()
        return self._waits

    def _on_ack(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        ack = open_ack(Envelope.from_json(bytes(message.payload)), KeyRing([signer("hub").public]))
        self._waits.append(time.perf_counter() - self._sent[len(self._waits)])
        if ack.seq == self._entries:
            self._events.put("done")
        else:
            self.pump()


def _prepare(folder: Path, port: int) -> list[Path]:
    now = dt.datetime.now(dt.UTC)
    authority = pki.make_authority(CLINIC, now)
    place = BrokerPlace(folder, folder / "data", "127.0.0.1", port, run_as=getpass.getuser())
    place.data.mkdir()
    (folder / "ca.crt").write_bytes(authority.cert_pem)
    (folder / "acl").write_text(access_list(CLINIC))
    (folder / "mosquitto.conf").write_text(configuration(place))
    machines = {"broker": pki.make_server(authority, "broker", ["127.0.0.1"], now)}
    for name in ("hub", *ROOMS):
        machines[name] = pki.make_client(authority, name, now)
    for name, machine in machines.items():
        (folder / f"{name}.crt").write_bytes(machine.cert_pem)
        (folder / f"{name}.key").write_bytes(machine.key_pem)
    return [folder / name for name in ("ca.crt", "hub.crt", "hub.key")]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Unavailable("the broker did not start")
