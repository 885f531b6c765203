from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hub.fleet.broker import BrokerPlace, access_list, configuration

pytestmark = pytest.mark.broker
MOSQUITTO = "/usr/sbin/mosquitto"
_LIMIT_S = 20.0


def wait_for(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@pytest.fixture
def broker(rooms: Any, tmp_path: Path) -> Iterator[int]:
    if not Path(MOSQUITTO).exists():
        pytest.skip("Mosquitto is not installed")
    port = rooms.settings.mqtt.port
    folder = tmp_path / "broker"
    (folder / "data").mkdir(parents=True)
    user = "root" if os.geteuid() == 0 else ""
    place = BrokerPlace(folder, folder / "data", "127.0.0.1", port, user)
    (folder / "mosquitto.conf").write_text(configuration(place))
    (folder / "acl").write_text(access_list("demo"))
    for name in ("ca.crt", "broker.crt", "broker.key", "acl"):
        if name != "acl":
            (folder / name).write_bytes(rooms.keys.file(name).read_bytes())
        (folder / name).chmod(0o600)
    process = subprocess.Popen([MOSQUITTO, "-c", folder / "mosquitto.conf"])
    assert wait_for(lambda: _listens(port))
    yield port
    process.terminate()
    process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Client:
    """One machine at the broker."""

    def __init__(self, port: int, ca: Path, pair: tuple[Path, Path] | None) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.granted: list[int] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        context = ssl.create_default_context(cafile=str(ca))
        if pair:
            context.load_cert_chain(*pair)
        self.client.tls_set_context(context)
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload))
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self.granted.extend(
            code.value for code in codes
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def subscribe(self, *topics: str) -> None:
        before = len(self.granted)
        self.client.subscribe([(topic, 1) for topic in topics])
        assert wait_for(lambda: len(self.granted) == before + len(topics))

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def at(rooms: Any, broker: int, tmp_path: Path, make_box: Any) -> Iterator[Callable[..., Client]]:
    """Connects as the hub, or as an enrolled room."""
    clients: list[Client] = []

    def connect(name: str) -> Client:
        keys = rooms.keys
        pair = keys.file("hub-client.crt"), keys.file("hub-client.key")
        if name != "hub":
            box = make_box(name)
            kit = rooms.fleet.enrol(box.request(), "test")
            pair = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
            pair[0].write_text(kit.cert_pem)
            pair[1].write_bytes(
                box.tls.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
        clients.append(Client(broker, keys.file("ca.crt"), pair))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def test_a_room_reaches_its_own_topics_and_no_others(at: Callable[..., Client]) -> None:
    """One room can neither read nor write what is another's; the hub sees and tells all."""
    hub, one, two = at("hub"), at("exam-1"), at("exam-2")
    hub.subscribe("va/demo/#")
    two.subscribe("va/demo/exam-2/journal/ack", "va/demo/library/edition", "va/demo/exam-1/#", "#")
    one.publish("va/demo/exam-2/journal", b"forged")
    one.publish("va/demo/library/edition", b"forged")
    one.publish("va/demo/exam-2/journal/ack", b"forged")
    one.publish("va/other/exam-1/journal", b"forged")
    one.publish("va/demo/exam-1/journal", b"own")
    assert wait_for(lambda: len(hub.heard) == 1)
    hub.publish("va/demo/exam-1/journal/ack", b"not for two")
    hub.publish("va/demo/exam-2/journal/ack", b"for two")
    hub.publish("va/demo/library/edition", b"hint", retain=True)
    heard = {("va/demo/exam-2/journal/ack", b"for two"), ("va/demo/library/edition", b"hint")}
    assert wait_for(lambda: heard <= set(two.heard))
    assert hub.heard[0] == ("va/demo/exam-1/journal", b"own")
    assert not [payload for _, payload in hub.heard if payload == b"forged"]
    assert set(two.heard) == heard


def test_a_late_room_hears_of_the_edition(at: Callable[..., Client]) -> None:
    """The hint is retained: a room that was off when it was told hears it when it is on."""
    at("hub").publish("va/demo/library/edition", b"hint", retain=True)
    late = at("exam-1")
    late.subscribe("va/demo/library/edition")
    assert wait_for(lambda: late.heard == [("va/demo/library/edition", b"hint")])


@pytest.mark.parametrize("pair", [None, ("broker.crt", "broker.key"), ("own.crt", "own.key")])
def test_nobody_gets_in_without_a_certificate_of_the_clinic(
    rooms: Any, broker: int, tmp_path: Path, pair: tuple[str, str] | None, make_box: Any, now: Any
) -> None:
    """No certificate, a server's, or another authority's: the broker takes no message."""
    from hub.fleet import pki  # noqa: PLC0415 - only this test makes a foreign authority

    files = None
    if pair and pair[0] == "own.crt":
        foreign = pki.make_client(pki.make_authority("other", now), "hub", now)
        files = tmp_path / "own.crt", tmp_path / "own.key"
        files[0].write_bytes(foreign.cert_pem)
        files[1].write_bytes(foreign.key_pem)
    elif pair:
        files = rooms.keys.file(pair[0]), rooms.keys.file(pair[1])
    context = ssl.create_default_context(cafile=str(rooms.keys.file("ca.crt")))
    if files:
        context.load_cert_chain(*files)

    def connect() -> None:
        with (
            socket.create_connection(("127.0.0.1", broker), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00")
            if not secure.recv(4):
                raise ConnectionError("closed")

    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect()


def test_the_hub_takes_states_and_tells_editions_through_the_broker(
    rooms: Any, at: Callable[..., Client]
) -> None:
    """The real client on the real broker: a room's state arrives, its hint goes out."""
    from hub.wiring import Container  # noqa: PLC0415 - starts threads only in this test
    from voiceassist.contract.wire import RoomState  # noqa: PLC0415 - likewise

    room = at("exam-1")
    container = Container(rooms)
    container.start()
    try:
        assert wait_for(lambda: container.readiness()["broker"] == "ok")
        state = RoomState(room="exam-1", status="ready", edition=0, turns=3)
        room.publish("va/demo/exam-1/state", state.model_dump_json().encode(), retain=True)
        assert wait_for(lambda: rooms.fleet.listing()[0].state == state)
        room.subscribe("va/demo/library/edition")
        rooms.documents.add("gout.md", b"# Gout\n\nGive naproxen 500 mg.\n", "test")
        assert wait_for(lambda: rooms.documents.get("gout").serving == 1)
        rooms.editions.publish("test")
        assert wait_for(lambda: [p for _, p in room.heard] == [b'{"v":1,"version":1}'])
    finally:
        container.stop()
