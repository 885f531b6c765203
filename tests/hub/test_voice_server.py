"""The voice room on the real server: what it writes to its log, and how it stops."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from hub.logs import configure
from tests.hub import talking
from tests.hub.talking import PATH, House, pcm

APART = logging.Logger("the caller", logging.CRITICAL)  # noqa: LOG001 - no part of the hub's


class Served:
    def __init__(self, house: House) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            house.app(), log_config=None, ws_max_size=1 << 17, timeout_graceful_shutdown=10
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    @contextmanager
    def connect(self) -> Iterator[ClientConnection]:
        port = self.listener.getsockname()[1]
        with connect(f"ws://127.0.0.1:{port}{PATH}", logger=APART) as connection:
            connection.send(json.dumps({"type": "start", "token": "good"}))
            until(connection, "ready")
            yield connection

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(15)
        assert not self.thread.is_alive()
        self.listener.close()


def until(connection: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message = connection.recv(timeout=10)
        if isinstance(message, str) and json.loads(message)["type"] == kind:
            return dict(json.loads(message))


def closed(connection: ClientConnection) -> int:
    try:
        while True:
            connection.recv(timeout=5)
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else 0


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.service.close()


def test_no_frame_is_logged_though_everything_is(house: House, net: Any) -> None:
    """At DEBUG the server's own library would log every message: the hub's logging stops it."""
    root = logging.getLogger()
    before = root.level, root.handlers[:], logging.raiseExceptions
    configure("DEBUG")
    root.addHandler(net)
    served = Served(house)
    try:
        with served.connect() as connection:
            connection.send(json.dumps({"type": "ask", "text": "zebulon quackenbush"}))
            until(connection, "done")
    finally:
        served.stop()
        root.setLevel(before[0])
        root.handlers[:], logging.raiseExceptions = before[1:]
    assert "Uvicorn running" in net.caught or "Application startup" in net.caught
    for secret in ("zebulon", "quackenbush", "naproxen", '"good"'):
        assert secret not in net.caught


def test_a_hub_that_stops_ends_connections_and_leaves_nothing(house: House) -> None:
    """In an answer, and while somebody talks: closed as restarting, no thread left, at once."""
    house.assistant.steps = threading.Semaphore(1)
    house.voice.seconds = 30.0
    served = Served(house)
    with served.connect() as answered, served.connect() as heard:
        answered.send(json.dumps({"type": "ask", "text": "dose"}))
        until(answered, "speech")
        heard.send(pcm(0.5))
        until(heard, "listening")
        house.assistant.steps.release(9)
        began = time.monotonic()
        served.stop()
        assert time.monotonic() - began < 5
        assert [closed(one) for one in (answered, heard)] == [1012, 1012]
    assert house.service.connections == 0
    assert not [one for one in threading.enumerate() if one.name.startswith("voice-")]


def test_a_message_beyond_the_server_s_bound_is_refused_by_it(house: House) -> None:
    """What is far too large is not even taken into memory."""
    served = Served(house)
    with served.connect() as connection:
        connection.send(b"\0" * (1 << 18))
        assert closed(connection) == 1009
    served.stop()


def test_an_answer_s_thread_that_hangs_is_waited_for_but_not_for_ever(
    house: House, net: Any
) -> None:
    """A connection whose assistant does not come back ends all the same, and the log tells."""
    house.assistant.steps = threading.Semaphore(0)
    with talking.client(house, patience_s=0.1) as made:
        with made.websocket_connect(PATH) as socket:
            talking.begin(socket)
            socket.send_json({"type": "ask", "text": "dose"})
            talking.told(socket, "verdict")
            socket.send_text("x" * 20_000)
            assert talking.closed(socket) == 1009
            while house.service.connections:
                time.sleep(0.01)
        house.assistant.steps.release(9)
    assert "goes on after its connection" in net.caught
