"""The playbook against two booted machines: what it installs, and how it is confined."""

from __future__ import annotations

from typing import Any

import pytest

EVERY_SERVICE = [
    ("hub", "voiceassist-hub.service"),
    ("hub", "mosquitto.service"),
    ("room", "voiceassist-appliance.service"),
]

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(3600)]


def test_bare_machines_can_be_looked_at_first(clinic: Any) -> None:
    """With --check, the playbook goes to its end on bare machines and installs nothing."""
    assert clinic.looked.done.returncode == 0, clinic.looked.said
    assert set(clinic.looked.hosts) == {"hub.lab", "room.lab"}


def test_one_run_makes_a_clinic_of_bare_machines(clinic: Any) -> None:
    """From minimal Debian trees with no internet, one run installs hub and room."""
    assert set(clinic.first.hosts) == {"hub.lab", "room.lab"}
    assert clinic.first.total("failed") == 0
    assert all(counts["changed"] > 0 for counts in clinic.first.hosts.values())


@pytest.mark.parametrize("mode", [(), ("--check",)], ids=["run", "check"])
def test_a_second_run_changes_nothing(clinic: Any, mode: tuple[str, ...]) -> None:
    """Run again, with or without --check, the playbook finds nothing to do."""
    again = clinic.play(*mode)
    assert again.done.returncode == 0, again.said
    assert set(again.hosts) == {"hub.lab", "room.lab"}
    assert again.total("changed") == again.total("failed") == 0, again.said


@pytest.mark.parametrize(("machine", "unit"), EVERY_SERVICE)
def test_services_run_and_stay(clinic: Any, machine: str, unit: str) -> None:
    """Each service is active, enabled for the next boot, and never had to be started again."""
    shown = getattr(clinic, machine).show(unit, "ActiveState", "UnitFileState", "NRestarts")
    assert shown == {"ActiveState": "active", "UnitFileState": "enabled", "NRestarts": "0"}


@pytest.mark.parametrize(("machine", "unit"), EVERY_SERVICE)
def test_services_are_confined_for_real(clinic: Any, machine: str, unit: str) -> None:
    """The kernel holds each service: no privileges, a system-call filter, a read-only system."""
    box = getattr(clinic, machine)
    main = box.show(unit, "MainPID")["MainPID"]
    status = dict(
        line.split(":\t", 1) for line in box.run("cat", f"/proc/{main}/status").splitlines()
    )
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["Uid"].split()[0] != "0"
    for folder in ("/usr", "/etc", "/opt"):  # root's own hand, but in the service's view
        assert "Read-only" in box.inside(unit, "touch", f"{folder}/mark").stderr
    assert box.inside(unit, "ls", "/home").stdout == ""


def test_only_the_room_sees_sound_devices(clinic: Any) -> None:
    """The hub's own /dev holds no more than what every process needs."""
    seen = clinic.hub.inside("voiceassist-hub.service", "ls", "/dev").stdout.split()
    assert "null" in seen
    assert "snd" not in seen
    shown = clinic.room.show("voiceassist-appliance.service", "DevicePolicy", "DeviceAllow")
    assert shown == {"DevicePolicy": "closed", "DeviceAllow": "char-alsa rw"}


def test_the_cloud_key_is_for_the_hub_alone(clinic: Any) -> None:
    """The provider's key is in no settings file and readable by root and the hub's process."""
    assert "lab-secret" not in clinic.hub.run("cat", "/etc/voiceassist/hub.toml")
    assert clinic.hub.run("stat", "--format=%U %a", "/etc/voiceassist/cloud-key") == "root 600\n"
    credential = "/run/credentials/voiceassist-hub.service/cloud-key"
    assert clinic.hub.inside("voiceassist-hub.service", "cat", credential).stdout == "lab-secret"
    assert "lab-secret" not in clinic.first.done.stdout


def test_the_rooms_key_is_sealed_to_its_machine(clinic: Any) -> None:
    """The key that speaks for the box lies nowhere in the open; the unit runs with it."""
    identity = "/var/lib/voiceassist/appliance/identity"
    assert "machine.key" not in clinic.room.run("ls", identity)
    sealed = "/etc/credstore.encrypted/voiceassist.machine.key"
    assert "PRIVATE KEY" not in clinic.room.run("cat", sealed)
    opened = clinic.room.run("systemd-creds", "decrypt", sealed, "-")
    assert "PRIVATE KEY" in opened


def test_private_keys_stay_private(clinic: Any) -> None:
    """No key on either machine can be read by anyone but its service's user."""
    for box, state in ((clinic.hub, "hub"), (clinic.room, "appliance")):
        folder = f"/var/lib/voiceassist/{state}"
        assert box.run("stat", "--format=%U %a", folder) == "voiceassist 700\n"
        assert box.run("find", folder, "-name", "*.key") != ""
        assert box.run("find", folder, "-name", "*.key", "-perm", "/077") == ""
