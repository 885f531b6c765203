"""A hub for measuring: real processes over TLS, the demonstration's library, fifty people."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from hub.auth.schemas import LoginRequest, RedeemRequest
from hub.commands.setup import initialise
from hub.http import Role
from hub.settings import load
from hub.wiring import open_rooms
from voiceassist.errors import Unavailable

_PASSWORD = "four quiet green words"  # noqa: S105 - of people that are made up here
_START_S = 60.0
_MAIN = "from voiceassist.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Site:
    """A hub that runs, a bare route beside it, and people who are signed in."""

    hub: int
    bare: int
    authority: Path
    tokens: tuple[str, ...] = field(repr=False)
    process: subprocess.Popen[bytes]

    def tls(self) -> ssl.SSLContext:
        """Trusts this hub and nobody else."""
        return ssl.create_default_context(cafile=str(self.authority))

    def resident_bytes(self) -> int:
        """What the hub's process has in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096


@contextmanager
def running(root: Path, library: Path, people: int) -> Iterator[Site]:
    """Make it, start it, and end it."""
    hub, bare, broker = (_free_port() for _ in range(3))
    config = root / "hub.toml"
    config.write_text(
        f'clinic = "bench"\ndata_dir = "{root / "data"}"\nport = {hub}\n'
        f'log_level = "INFO"\n[mqtt]\nport = {broker}\n'
        '[session]\nsecond_factor = "off"\n[rates]\nlogin = "10000/minute"\n'
        f"[limits]\nvoices = {people}\n"
    )
    initialise(config, new_code=False)
    tokens = _fill(config, library, people)
    keys = root / "data" / "keys"
    with (root / "hub.log").open("wb") as log:
        served = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-c", _MAIN, "hub", "run", "--config", str(config)],
            stdout=log, stderr=log,
        )  # fmt: skip
        held = [str(keys / name) for name in ("hub.crt", "hub.key")]
        beside = subprocess.Popen(  # noqa: S603 - likewise
            [sys.executable, "-m", "hub.bench.bare", str(bare), *held], stdout=log, stderr=log
        )
        site = Site(hub, bare, keys / "ca.crt", tokens, served)
        try:
            _wait(site)
            yield site
        finally:
            for process in (served, beside):
                process.terminate()
                process.wait(30)


def _fill(config: Path, library: Path, people: int) -> tuple[str, ...]:
    rooms = open_rooms(load(config))
    try:
        for path in sorted(library.iterdir()):
            if path.is_file():
                rooms.documents.add(path.name, path.read_bytes(), "bench")
        rooms.worker.begin()
        while rooms.worker.step():
            pass
        rooms.worker.release()
        rooms.editions.publish("bench")
        tokens = []
        for number in range(people):
            email = f"person{number}@bench.example"
            _, code = rooms.accounts.create(email, f"Person {number}", Role.CLINICIAN)
            rooms.auth.redeem(RedeemRequest(code=code, email=email, password=_PASSWORD))
            request = LoginRequest(email=email, password=_PASSWORD)
            tokens.append(rooms.auth.sign_in(request, "token")[1].access)
        return tuple(tokens)
    finally:
        rooms.close()


def _wait(site: Site) -> None:
    end = time.monotonic() + _START_S
    with httpx.Client(verify=site.tls()) as client:
        for port, path in ((site.hub, "/health"), (site.bare, "/bare")):
            while not _answers(client, f"https://127.0.0.1:{port}{path}"):
                if time.monotonic() > end:
                    raise Unavailable("the hub did not start; is its port free?")
                time.sleep(0.1)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
