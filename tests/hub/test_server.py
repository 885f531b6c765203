from __future__ import annotations

import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyotp
import pytest

from hub.settings import load
from hub.wiring import Rooms, open_rooms

pytestmark = pytest.mark.slow
MAIN = "from voiceassist.cli import main; main()"
PASSWORD = "four quiet green words"
TEXT = b"# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"
_LIMIT_S = 60.0


def voiceassist(*arguments: object) -> list[str]:
    return [sys.executable, "-c", MAIN, *map(str, arguments)]


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        voiceassist(*arguments), capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


class Site:
    """A hub's folder and settings on free ports; nothing listens at the broker's."""

    def __init__(self, root: Path) -> None:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            self.port, mqtt = one.getsockname()[1], two.getsockname()[1]
        self.root = root
        self.config = root / "hub.toml"
        self.data = root / "data"
        self.config.write_text(
            f'clinic = "demo"\ndata_dir = "{self.data}"\nport = {self.port}\n'
            f"[mqtt]\nport = {mqtt}\n"
        )

    def client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.data / "keys" / "ca.crt"))
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=context)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        log = (self.root / "hub.log").open("ab")
        process = subprocess.Popen(
            voiceassist("hub", "run", "--config", self.config), stderr=log, stdout=log
        )
        try:
            with self.client() as client:
                assert wait_for(lambda: _healthy(client) or process.poll() is not None)
            assert process.poll() is None, self.log()
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            log.close()

    def log(self) -> str:
        return (self.root / "hub.log").read_text()


def wait_for(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def _healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def bare(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def site(bare: Site, made: Path) -> Site:
    shutil.copytree(made, bare.data)
    return bare


@contextmanager
def opened(site: Site) -> Iterator[Rooms]:
    rooms = open_rooms(load(site.config))
    yield rooms
    rooms.database.close()


def test_the_hub_over_tls_from_setup_to_sigterm(site: Site) -> None:
    """The real process: set up, signed in, a document queued, no broker, and a clean end."""
    with opened(site) as rooms:
        code = rooms.auth.issue_code()
    with site.running() as process, site.client() as client:
        who = {"email": "dana@clinic.example", "password": PASSWORD}
        body = {"code": code, "name": "Dana", **who}
        assert client.post("/api/v1/auth/setup", json=body).status_code == 201
        login = client.post("/api/v1/auth/login", json=who).json()["data"]
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        factor = "/api/v1/auth/second-factor"
        secret = client.post(factor, headers=headers).json()["data"]["secret"]
        shown = {"code": pyotp.TOTP(secret).now()}
        done = client.post(f"{factor}/confirm", json=shown, headers=headers)
        assert done.status_code == 200, done.text
        added = client.post("/api/v1/documents", headers=headers, files={"file": ("g.md", TEXT)})
        assert added.status_code == 202
        assert client.get("/ready").json()["data"]["broker"].startswith("away")
        trail = client.get("/api/v1/audit/verify", headers=headers).json()["data"]
        assert trail["ok"] is True
        assert trail["entries"] >= 3
        url = f"https://127.0.0.1:{site.port}"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{url}/health")  # who does not hold the clinic's authority trusts nobody
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    log = site.log()
    assert [json.loads(line) for line in log.splitlines()]
    assert PASSWORD not in log
    assert login["access_token"] not in log


def test_a_killed_hub_has_what_it_acknowledged(site: Site) -> None:
    """After SIGKILL the document is there, its job is finished, and the trail holds."""
    with site.running() as process:
        with opened(site) as rooms:
            rooms.documents.add("gout.md", TEXT, "test")
        process.kill()
        process.wait()
    with opened(site) as rooms:
        assert [view.id for view in rooms.documents.listing()] == ["gout"]
        assert rooms.worker.begin()  # the dead process holds nothing
        rooms.worker.release()
        assert rooms.audit.verify_all().ok


def test_a_port_in_use_is_one_clear_line(site: Site) -> None:
    """The line names the port and the setting; the status is 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.port))
        taken.listen()
        done = call("hub", "run", "--config", site.config)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"port {site.port} on 127.0.0.1 is in use" in line


def test_a_wrong_key_is_one_clear_line(bare: Site) -> None:
    """The line names the file and the key; the status is 2."""
    bare.config.write_text(bare.config.read_text() + "prot = 1\n")
    done = call("hub", "run", "--config", bare.config)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "hub.toml" in line
    assert "'mqtt.prot'" in line
