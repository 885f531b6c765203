"""The playbook against two booted machines without internet: a hub and a room, on one cable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("VOICEASSIST_CACHE") or Path.home() / ".cache/voiceassist")
LAB = CACHE / "lab"
ADDRESSES = {"hub": "192.0.2.1", "room": "192.0.2.2"}
SERVICES = {
    "hub": ("voiceassist-hub.service", "mosquitto.service"),
    "room": ("voiceassist-appliance.service",),
}
EVERY_SERVICE = [(machine, unit) for machine, units in SERVICES.items() for unit in units]

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]
Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Machine:
    """One booted Debian tree."""

    name: str
    folder: Path
    tree: Path
    bundle: Path

    def boot(self) -> None:
        lab("boot", self.tree, self.folder, f"{self.bundle}:/media/voiceassist")

    def run(self, *command: str, data: str | None = None) -> str:
        return lab("run", self.folder, *command, data=data)

    def show(self, unit: str, *keys: str) -> dict[str, str]:
        out = self.run("systemctl", "show", unit, *(f"--property={key}" for key in keys))
        return dict(line.split("=", 1) for line in out.splitlines())

    def inside(self, unit: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root, but in the file system that the service sees."""
        main = self.show(unit, "MainPID")["MainPID"]
        enter = ("nsenter", "--target", main, "--mount", "--", *command)
        return subprocess.run(
            [str(ROOT / "scripts/lab"), "run", str(self.folder), *enter],
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass
class Clinic:
    """The machines, and how the playbook fared on them."""

    hub: Machine
    room: Machine
    inventory: Path
    first: str

    def machine(self, name: str) -> Machine:
        return self.hub if name == "hub" else self.room


def lab(*arguments: str | Path, data: str | None = None) -> str:
    done = subprocess.run(
        [ROOT / "scripts/lab", *arguments],
        input=data,
        stdin=subprocess.DEVNULL if data is None else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def bundle() -> Path:
    """The bundle that a site would get; only what changed is gathered anew."""
    script = [sys.executable, str(ROOT / "scripts/bundle.py"), str(LAB / "bundle"), "--debs"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return LAB / "bundle"


def inventory(folder: Path) -> dict[str, Any]:
    return {
        "all": {
            "vars": {
                "ansible_connection": "lab",
                "ansible_become": False,
                "voiceassist_clinic": "lab-clinic",
                "voiceassist_bundle_on_target": "/media/voiceassist",
                "voiceassist_offline": True,
                # a provider that is not there: the key must reach the hub, and nobody else
                "voiceassist_cloud_url": "http://192.0.2.9:9/v1",
                "voiceassist_cloud_model": "none",
                "voiceassist_cloud_key": "lab-secret",
            },
            "children": {
                "hub": {"hosts": {"hub.lab": {"voiceassist_hub_name": ADDRESSES["hub"]}}},
                "rooms": {"hosts": {"room.lab": {"voiceassist_room": "exam-1"}}},
            },
            "hosts": {
                "hub.lab": {"ansible_host": str(folder / "hub")},
                "room.lab": {"ansible_host": str(folder / "room")},
            },
        }
    }


@pytest.fixture(scope="module")
def clinic(ansible: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    if os.geteuid() != 0:
        pytest.skip("booting machines needs root")
    for tool in ("mmdebstrap", "dpkg-scanpackages", "nsenter"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on this machine")
    LAB.mkdir(parents=True, exist_ok=True)
    tree, folder = LAB / "bookworm", tmp_path_factory.mktemp("lab")
    lab("tree", tree)
    carried = bundle()
    hub, room = (Machine(name, folder / name, tree, carried) for name in ADDRESSES)
    machines = (hub, room)
    try:
        for machine in machines:
            machine.boot()
        cable(hub, room)
        names = folder / "inventory.yml"
        names.write_text(yaml.safe_dump(inventory(folder)))
        done = ansible("ansible-playbook", "-i", str(names), "ansible/site.yml")
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        yield Clinic(hub, room, inventory=names, first=done.stdout)
    finally:
        for machine in machines:
            if (machine.folder / "pid").exists():
                lab("down", machine.folder)


def cable(hub: Machine, room: Machine) -> None:
    ends = (hub.folder, f"{ADDRESSES['hub']}/24", room.folder, f"{ADDRESSES['room']}/24")
    lab("cable", *ends)


def figures(output: str) -> dict[str, dict[str, int]]:
    """The recap that ends a playbook's output."""
    lines = re.findall(r"^(\S+)\s+: (ok=.*)$", output, re.MULTILINE)
    return {
        host: {key: int(n) for key, n in (pair.split("=") for pair in counts.split())}
        for host, counts in lines
    }


def test_one_run_makes_a_clinic_of_bare_machines(clinic: Clinic) -> None:
    """From minimal Debian trees with no internet, one run installs hub and room."""
    recap = figures(clinic.first)
    assert set(recap) == {"hub.lab", "room.lab"}
    assert all(one["failed"] == 0 and one["changed"] > 0 for one in recap.values())


@pytest.mark.parametrize("mode", [(), ("--check",)], ids=["run", "check"])
def test_a_second_run_changes_nothing(clinic: Clinic, ansible: Run, mode: tuple[str, ...]) -> None:
    """Run again, with or without --check, the playbook finds nothing to do."""
    done = ansible("ansible-playbook", "-i", str(clinic.inventory), "ansible/site.yml", *mode)
    recap = figures(done.stdout)
    assert done.returncode == 0, done.stdout
    assert all(one["failed"] == 0 and one["changed"] == 0 for one in recap.values()), done.stdout


@pytest.mark.parametrize(("machine", "unit"), EVERY_SERVICE)
def test_services_run_and_stay(clinic: Clinic, machine: str, unit: str) -> None:
    """Each service is active, enabled for the next boot, and never had to be started again."""
    shown = clinic.machine(machine).show(unit, "ActiveState", "UnitFileState", "NRestarts")
    assert shown == {"ActiveState": "active", "UnitFileState": "enabled", "NRestarts": "0"}


@pytest.mark.parametrize(("machine", "unit"), EVERY_SERVICE)
def test_services_are_confined_for_real(clinic: Clinic, machine: str, unit: str) -> None:
    """The kernel holds each service: no privileges, a system-call filter, a read-only system."""
    box = clinic.machine(machine)
    main = box.show(unit, "MainPID")["MainPID"]
    status = dict(
        line.split(":\t", 1) for line in box.run("cat", f"/proc/{main}/status").splitlines()
    )
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["Uid"].split()[0] != "0"
    assert "Read-only" in box.inside(unit, "touch", "/usr/mark").stderr
    assert box.inside(unit, "ls", "/home").stdout == ""


def test_the_cloud_key_is_for_the_hub_alone(clinic: Clinic) -> None:
    """The provider's key is in no settings file and readable by root and the hub's process."""
    assert "lab-secret" not in clinic.hub.run("cat", "/etc/voiceassist/hub.toml")
    assert clinic.hub.run("stat", "--format=%U %a", "/etc/voiceassist/cloud-key") == "root 600\n"
    shown = clinic.hub.inside(
        "voiceassist-hub.service", "cat", "/run/credentials/voiceassist-hub.service/cloud-key"
    )
    assert shown.stdout == "lab-secret"


def test_private_keys_stay_private(clinic: Clinic) -> None:
    """No key on either machine can be read by anyone but its service's user."""
    for box, state in ((clinic.hub, "hub"), (clinic.room, "appliance")):
        folder = f"/var/lib/voiceassist/{state}"
        assert box.run("stat", "--format=%U %a", folder) == "voiceassist 700\n"
        loose = box.run("find", folder, "-name", "*.key", "-perm", "/077")
        assert loose == ""


def test_a_published_document_reaches_the_room(clinic: Clinic) -> None:
    """The administrator publishes on the hub; the enrolled room fetches and verifies it."""
    code = re.search(r"setup code\D*?([A-Za-z0-9-]{8,})", clinic.first)
    assert code is not None, clinic.first
    script = (ROOT / "tests/deploy/administer.py").read_text()
    version = clinic.hub.run(
        "/opt/voiceassist/current/bin/python",
        "-",
        f"https://{ADDRESSES['hub']}:8443",
        "/var/lib/voiceassist/hub/keys/ca.crt",
        code[1],
        data=script,
    )
    assert int(version) == 1
