"""A clinic of real processes on this machine: broker, hub, and what its administrator does.

Law: all that is started here ends with the `with` block, and nothing else is signalled.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

from appliance.enrol import Identity, accept_enrolment, load_identity, request_enrolment
from voiceassist.errors import Unavailable, WrongUse

_START_S = 120.0
_INDEX_S = 3600.0
_SESSION_S = 120.0
_ACCOUNT = {"email": "administrator@bench.clinic", "password": "four quiet green words"}
_SETTINGS = """\
clinic = "bench-clinic"
data_dir = "{root}/hub"
host = "127.0.0.1"
port = {hub}
san = ["localhost", "127.0.0.1"]
profile = "{profile}"

[session]
second_factor = "off"

[mqtt]
host = "127.0.0.1"
port = {broker}
"""


class Clinic:
    """Below `root`; `documents` are in its library before the hub runs."""

    def __init__(self, root: Path, profile: str, documents: Path) -> None:
        self._root = root
        self._config = root / "hub.toml"
        self._children: list[subprocess.Popen[bytes]] = []
        hub, broker = _free_ports(2)
        (root / "hub").mkdir()
        self._config.write_text(
            _SETTINGS.format(root=root, hub=hub, broker=broker, profile=profile), encoding="utf-8"
        )
        made = self._command("hub", "init", "--config", self._config, "--json")
        began = time.perf_counter()
        self._command("hub", "documents", "add", documents, "--config", self._config)
        self.indexing_s = time.perf_counter() - began
        self._hub_port, self._broker_port = hub, broker
        self._signed_in = -_SESSION_S
        self._code = str(json.loads(made)["setup_code"])
        self._person = httpx.Client(
            base_url=f"https://127.0.0.1:{hub}/api/v1",
            verify=ssl.create_default_context(cafile=str(root / "hub" / "keys" / "ca.crt")),
            trust_env=False,
            timeout=60.0,
        )

    def __enter__(self) -> Self:
        """The clinic, running."""
        try:
            self._start_broker()
            self._start("hub", [*_voiceassist(), "hub", "run", "--config", str(self._config)])
            self._wait(lambda: _listening(self._hub_port), "the hub")
            made = {"code": self._code, "name": "Bench", **_ACCOUNT}
            self._call("POST", "/auth/setup", json=made)
            self.sign_in()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop what runs, the last started first."""
        self._person.close()
        while self._children:
            child = self._children.pop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    @property
    def hub_pid(self) -> int:
        """The hub's process."""
        return self._children[-1].pid

    def sign_in(self) -> None:
        """A fresh session: an old one ends in the middle of a long measurement."""
        if time.monotonic() - self._signed_in < _SESSION_S:
            return  # the hub bounds how often
        token = self._call("POST", "/auth/login", json=_ACCOUNT)["access_token"]
        self._signed_in = time.monotonic()
        self._person.headers["Authorization"] = f"Bearer {token}"

    def enrol(self, room: str) -> Identity:
        """Make a room and its keys, by the product's own steps."""
        folder = self._root / room
        request, kit = request_enrolment(room, folder), folder / "kit.json"
        self._command("hub", "rooms", "enrol", request, "--config", self._config, "--out", kit)
        accept_enrolment(kit, folder)
        return load_identity(folder)

    def names(self) -> list[str]:
        """The documents that are in the library, by the names of their files."""
        found: list[str] = []
        page = 1
        while True:
            rows = self._call("GET", "/documents", params={"page": page, "size": 200})
            done = [row for row in rows if row["job"]["state"] == "done" and not row["held"]]
            found += [str(row["name"]) for row in done]
            if len(rows) < 200:  # noqa: PLR2004 - the page's size
                return found
            page += 1

    def upload(self, name: str, data: bytes) -> str:
        """Put in a file and wait until it is indexed: its id; `Unavailable` where it is held."""
        added = self._call("POST", "/documents", files={"file": (name, data)})
        path = f"/documents/{added['document']['id']}"
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            row = self._call("GET", path)
            if row["job"]["state"] == "done":
                if row["held"]:
                    raise Unavailable(f"{name} is held: the gate takes an edit for a patient's")
                return str(row["id"])
            time.sleep(0.02)
        raise Unavailable(f"{name} is not indexed after {_START_S:.0f} s; look into the hub's log")

    def publish(self) -> int:
        """Publish all that is indexed; the version."""
        return int(self._call("POST", "/editions")["version"])

    def _start_broker(self) -> None:
        found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if found is None:
            raise WrongUse("mosquitto is not installed; run `sudo apt-get install mosquitto`")
        folder = self._root / "broker"
        user = ("--run-as", getpass.getuser()) if os.geteuid() == 0 else ()
        self._command("hub", "broker-config", "--config", self._config, "--out", folder, *user)
        self._start("broker", [found, "-c", str(folder / "mosquitto.conf")])
        self._wait(lambda: _listening(self._broker_port), "the broker")

    def _start(self, name: str, command: list[str]) -> None:
        with (self._root / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - commands of this package, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(child)

    def _command(self, *arguments: object) -> str:
        command = [*_voiceassist(), *map(str, arguments)]
        done = subprocess.run(  # noqa: S603 - commands of this package, no shell
            command, capture_output=True, text=True, timeout=_INDEX_S, check=False
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Unavailable(f"voiceassist {arguments[0]} {arguments[1]}: {last}")
        return done.stdout

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _START_S
        while not ready():
            if self._children[-1].poll() is not None or time.monotonic() > end:
                raise Unavailable(f"{what} is not up; look into the logs in {self._root}")
            time.sleep(0.05)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = self._person.request(method, path, **more).json()
        if not answer.get("success"):
            raise Unavailable(f"the hub refused {path}: {answer.get('error', {}).get('message')}")
        return answer["data"]


def _voiceassist() -> list[str]:
    return [sys.executable, "-c", "from voiceassist.cli import main; main()"]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
