"""Limits that several processes share, on a Redis of the tests' own where one is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from hub.errors import TooMany
from hub.throttle import Throttle

pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed"
)


class Server:
    """A Redis without a disk; `stop` and `start` as often as wanted."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            [*command, "--appendonly", "no"], cwd=self._folder, stdout=subprocess.DEVNULL
        )
        with redis.Redis(port=self.port, protocol=2) as client:
            for _ in range(100):
                try:
                    client.ping()
                except redis.ConnectionError:
                    time.sleep(0.05)
                else:
                    return
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def make(server: Server) -> Iterator[Callable[[], Throttle]]:
    made: list[Throttle] = []

    def one() -> Throttle:
        made.append(Throttle(server.url))
        return made[-1]

    yield one
    for throttle in made:
        throttle.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    yield made
    made.stop()


def _tries(throttle: Throttle, attempts: int) -> int:
    passed = 0
    for _ in range(attempts):
        try:
            throttle.hit("10/minute", "login", "192.0.2.7")
        except TooMany:
            continue
        passed += 1
    return passed


def test_processes_count_together(make: Callable[[], Throttle]) -> None:
    """Two processes behind one Redis allow together what one would."""
    one, two = make(), make()
    assert _tries(one, 6) + _tries(two, 6) == 10


def test_losing_redis_neither_opens_nor_closes(
    server: Server, make: Callable[[], Throttle]
) -> None:
    """While it is away each process counts by itself, and together again once it is back."""
    throttle = make()
    assert _tries(throttle, 4) == 4
    server.stop()
    assert _tries(throttle, 50) == 10
    server.start()
    assert _tries(throttle, 50) == 10
