from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
UNITS = ("voiceassist-hub.service", "voiceassist-appliance.service")
MOST_EXPOSURE = 2.5  # of 10; `systemd-analyze security` calls up to 4 "OK"

# the parts of Debian's unit that the drop-in has to do with
MOSQUITTO = """[Service]
Type=notify
ExecStart=/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf
ExecStartPre=/bin/mkdir -m 740 -p /run/mosquitto
"""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def exposure(unit: Path) -> float:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


def values(unit: str, key: str) -> list[str]:
    text = (SYSTEMD / unit).read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_each_service_is_confined(unit: str) -> None:
    """The score that systemd gives for what a service could do to the machine stays low."""
    assert exposure(SYSTEMD / unit) <= MOST_EXPOSURE


@needs_systemd
def test_the_broker_is_confined_by_the_drop_in(tmp_path: Path) -> None:
    """Debian's broker, wide open by itself, is as confined as the project's own services."""
    unit = tmp_path / "mosquitto.service"
    unit.write_text(MOSQUITTO)
    alone = exposure(unit)
    shutil.copytree(SYSTEMD / "mosquitto.service.d", tmp_path / "mosquitto.service.d")
    assert exposure(unit) <= MOST_EXPOSURE < alone


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_knows_every_key(unit: str, tmp_path: Path) -> None:
    """No key of a unit is misspelt or in the wrong section."""
    copy = tmp_path / unit
    text = (SYSTEMD / unit).read_text()
    copy.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False
    )
    assert unit not in done.stderr, done.stderr


def test_a_wrong_setting_does_not_start_a_loop() -> None:
    """Exit status 2, wrong use, is the one that systemd does not answer with a new start."""
    for unit in UNITS:
        assert values(unit, "Restart") == ["on-failure"]
        assert values(unit, "RestartPreventExitStatus") == ["2"]


def test_the_room_waits_for_nobody() -> None:
    """A room starts without a network and without a hub (law 4)."""
    waits = " ".join(values("voiceassist-appliance.service", "(?:Wants|Requires|After)"))
    assert "network-online" not in waits
    assert "hub" not in waits


def test_only_the_room_reaches_sound_cards() -> None:
    """The hub has no devices at all; the room has the sound cards and nothing else."""
    assert values("voiceassist-hub.service", "PrivateDevices") == ["yes"]
    assert values("voiceassist-appliance.service", "DevicePolicy") == ["closed"]
    assert values("voiceassist-appliance.service", "DeviceAllow") == ["char-alsa rw"]
