from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LAB = Path(os.environ.get("VOICEASSIST_CACHE") or Path.home() / ".cache/voiceassist") / "lab"
BUNDLE_INSIDE = "/media/voiceassist"
ADDRESSES = {"hub": "192.0.2.1", "room": "192.0.2.2"}
GET = """
import ssl, sys, urllib.request
url, *authority = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority[0]) if authority else None
print(urllib.request.urlopen(url, context=tls, timeout=10).read().decode())
"""

Done = subprocess.CompletedProcess[str]
Ansible = Callable[..., Done]


@pytest.fixture(scope="session")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Ansible:
    """Runs one of Ansible's commands from this environment, in the project's folder."""
    pytest.importorskip("ansible", reason="ansible-core is in the extra [deploy]")
    home = str(tmp_path_factory.mktemp("ansible"))
    environment = {
        "ANSIBLE_CONFIG": str(ROOT / "ansible/ansible.cfg"),
        "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests/deploy/connection_plugins"),
        "ANSIBLE_HOME": home,
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def run(command: str, *arguments: str) -> Done:
        return execute(Path(sys.executable).with_name(command), *arguments, env=environment)

    return run


def execute(*command: str | Path, data: str = "", env: dict[str, str] | None = None) -> Done:
    return subprocess.run(
        command, cwd=ROOT, env=env, input=data, text=True, capture_output=True, check=False
    )


def lab(*arguments: str | Path, data: str = "") -> str:
    done = execute(ROOT / "scripts/lab", *arguments, data=data)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass
class Machine:
    """One booted Debian tree."""

    name: str
    folder: Path

    def boot(self) -> None:
        lab("boot", LAB / "bookworm", self.folder, f"{LAB / 'bundle'}:{BUNDLE_INSIDE}")

    def down(self) -> None:
        if (self.folder / "pid").exists():
            lab("down", self.folder)

    def run(self, *command: str, data: str = "") -> str:
        return lab("run", self.folder, *command, data=data)

    def get(self, url: str, *authority: str) -> Any:
        """The JSON at `url`, as this machine sees it."""
        return json.loads(self.run("python3", "-c", GET, url, *authority))

    def show(self, unit: str, *keys: str) -> dict[str, str]:
        out = self.run("systemctl", "show", unit, *(f"--property={key}" for key in keys))
        return dict(line.split("=", 1) for line in out.splitlines())

    def inside(self, unit: str, *command: str) -> Done:
        """Run a command as root, but in the file system that the service sees."""
        main = self.show(unit, "MainPID")["MainPID"]
        enter = ("nsenter", "--target", main, "--mount", "--", *command)
        return execute(ROOT / "scripts/lab", "run", self.folder, *enter)


@dataclass
class Run:
    """One run of the playbook: what it said, and its recap by host."""

    done: Done
    hosts: dict[str, dict[str, int]] = field(init=False)

    def __post_init__(self) -> None:
        lines = re.findall(r"^(\S+)\s+: (ok=.*)$", self.done.stdout, re.MULTILINE)
        self.hosts = {
            host: {key: int(n) for key, n in (pair.split("=") for pair in counts.split())}
            for host, counts in lines
        }

    @property
    def said(self) -> str:
        return self.done.stdout[-8000:] + self.done.stderr[-2000:]

    def total(self, key: str) -> int:
        return sum(counts[key] for counts in self.hosts.values())


@dataclass
class Clinic:
    """A hub and a room on one cable, without internet, and the playbook that made them."""

    ansible: Ansible
    folder: Path
    hub: Machine
    room: Machine
    looked: Run | None = None
    first: Run | None = None

    def start(self) -> None:
        for machine in (self.hub, self.room):
            machine.boot()
        ends = (self.hub.folder, f"{ADDRESSES['hub']}/24", self.room.folder)
        lab("cable", *ends, f"{ADDRESSES['room']}/24")

    def stop(self) -> None:
        for machine in (self.hub, self.room):
            machine.down()

    def play(self, *arguments: str, **variables: object) -> Run:
        names = self.folder / "inventory.yml"
        names.write_text(yaml.safe_dump(self._inventory()))
        extra = ("--extra-vars", json.dumps(variables))
        return Run(
            self.ansible(
                "ansible-playbook", "-i", str(names), "ansible/site.yml", *extra, *arguments
            )
        )

    @staticmethod
    def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
        """Until `condition` holds; a service that does not answer yet does not hold."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except AssertionError:
                pass
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(1)

    def _inventory(self) -> dict[str, Any]:
        hub = {"ansible_host": str(self.hub.folder), "voiceassist_hub_name": ADDRESSES["hub"]}
        room = {
            "ansible_host": str(self.room.folder),
            "voiceassist_room": "exam-1",
            # no sound card here: recordings are its microphone
            "voiceassist_feed": "/var/lib/voiceassist/appliance/feed",
            "voiceassist_seal_key": True,
        }
        everywhere = {
            "ansible_connection": "lab",
            "ansible_become": False,
            "voiceassist_clinic": "lab-clinic",
            "voiceassist_bundle_on_target": BUNDLE_INSIDE,
            "voiceassist_offline": True,
            # a provider that is not there: its key must reach the hub, and nobody else
            "voiceassist_cloud_url": "http://192.0.2.9:9/v1",
            "voiceassist_cloud_model": "none",
            "voiceassist_cloud_key": "lab-secret",
        }
        groups = {"hub": {"hosts": {"hub.lab": hub}}, "rooms": {"hosts": {"room.lab": room}}}
        return {"all": {"vars": everywhere, "children": groups}}


@pytest.fixture(scope="session")
def clinic(ansible: Ansible, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """Two bare machines that the playbook has run on once."""
    if os.geteuid() != 0:
        pytest.skip("booting machines needs root")
    for tool in ("mmdebstrap", "dpkg-scanpackages", "nsenter"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on this machine")
    LAB.mkdir(parents=True, exist_ok=True)
    lab("tree", LAB / "bookworm")
    # the bundle that a site would get; only what changed is gathered anew
    made = execute(sys.executable, ROOT / "scripts/bundle.py", LAB / "bundle", "--debs")
    assert made.returncode == 0, made.stderr
    folder = tmp_path_factory.mktemp("lab")
    clinic = Clinic(
        ansible, folder, Machine("hub", folder / "hub"), Machine("room", folder / "room")
    )
    try:
        clinic.start()
        digest = made.stdout.split("voiceassist_bundle_digest: ")[1].strip()
        clinic.looked = clinic.play("--check", voiceassist_bundle_digest=digest)
        assert not (clinic.room.folder / "upper/opt/voiceassist").exists(), (
            "--check changed something"
        )
        clinic.first = clinic.play(voiceassist_bundle_digest=digest)
        assert clinic.first.done.returncode == 0, clinic.first.said
        yield clinic
    finally:
        clinic.stop()
