"""What happens to a clinic after it was installed, on two booted machines."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

HUB = "https://192.0.2.1:8443"
AUTHORITY = "/var/lib/voiceassist/hub/keys/ca.crt"
TURNS = Path(__file__).resolve().parents[2] / "demo/turns"
PYTHON = "/opt/voiceassist/current/bin/python"
ROOM = "voiceassist-appliance.service"
HUB_SERVICES = ("voiceassist-hub.service", "mosquitto.service")

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(3600)]


def health(clinic: Any) -> Any:
    return clinic.room.get("http://127.0.0.1:8500/health")


def linked(clinic: Any) -> bool:
    return bool(health(clinic)["link"]["connected"])


def test_hub_and_room_are_well(clinic: Any) -> None:
    """The hub is ready with database, broker and model; the room answers and is linked to it."""
    ready = clinic.hub.get(f"{HUB}/ready", AUTHORITY)["data"]
    assert ready == {"database": "ok", "broker": "ok", "second judge": "ok", "indexing": "ok"}
    clinic.wait_for(lambda: linked(clinic))
    assert health(clinic)["room"] == "exam-1"


def test_a_published_document_reaches_the_room(clinic: Any) -> None:
    """The administrator publishes on the hub; the enrolled room fetches and verifies it."""
    code = re.search(r"setup code, good once: ([A-Z0-9-]+)", clinic.first.done.stdout)
    assert code is not None, clinic.first.said
    script = Path(__file__).with_name("administer.py").read_text()
    version = int(clinic.hub.run(PYTHON, "-", HUB, AUTHORITY, code[1], data=script))
    assert version == 1
    clinic.wait_for(lambda: health(clinic)["edition"] == version)


def test_a_spoken_question_is_answered_and_recorded(clinic: Any) -> None:
    """The confined room hears, judges, answers aloud, and the hub signs for what happened."""
    feed = "/var/lib/voiceassist/appliance/feed"
    spoken = base64.b64encode((TURNS / "00-library.flac").read_bytes()).decode()
    into = f"base64 -d >{feed}/.one && mv {feed}/.one {feed}/one.flac"
    clinic.room.run("runuser", "--user=voiceassist", "--", "sh", "-c", into, data=spoken)
    clinic.wait_for(lambda: "one.json" in clinic.room.run("ls", feed), seconds=300)
    turn = json.loads(clinic.room.run("cat", f"{feed}/one.json"))
    assert turn["woke"], turn
    assert turn["sentences"], turn
    assert clinic.room.run("head", "--bytes=4", f"{feed}/one.answer.wav") == "RIFF"
    clinic.wait_for(lambda: health(clinic)["link"]["last_ack_ms"] > 0)
    clinic.wait_for(lambda: health(clinic)["link"]["owed"] == 0)


def test_the_room_outlives_its_hub(clinic: Any) -> None:
    """Hub and broker stopped, the room runs on and says so; started again, it links up again."""
    clinic.hub.run("systemctl", "stop", *HUB_SERVICES)
    try:
        clinic.wait_for(lambda: not linked(clinic))
        shown = clinic.room.show(ROOM, "ActiveState", "NRestarts")
        assert shown == {"ActiveState": "active", "NRestarts": "0"}
    finally:
        clinic.hub.run("systemctl", "start", *HUB_SERVICES)
    clinic.wait_for(lambda: linked(clinic))


def test_certificates_are_renewed_on_demand(clinic: Any) -> None:
    """The authority removed, a renewal makes every certificate anew, and all trust each other."""

    def certificates() -> tuple[str, str]:
        return (
            clinic.hub.run("cat", "/var/lib/voiceassist/hub/keys/hub.crt"),
            clinic.room.run("cat", "/var/lib/voiceassist/appliance/identity/tls.crt"),
        )

    before = certificates()
    clinic.hub.run("sh", "-c", "rm /var/lib/voiceassist/hub/keys/ca.*")
    renewed = clinic.play(voiceassist_renew=True)
    assert renewed.done.returncode == 0, renewed.said
    assert all(old != new for old, new in zip(before, certificates(), strict=True))
    clinic.wait_for(lambda: linked(clinic))


def test_one_goes_back_only_to_what_is_installed(clinic: Any) -> None:
    """A release that is not there is refused before anything is touched."""
    refused = clinic.play(voiceassist_release="0.0.9-none")
    assert refused.done.returncode != 0
    assert "0.0.9-none is not installed" in refused.done.stdout
    assert refused.total("changed") == 0


def test_another_bundle_is_refused(clinic: Any) -> None:
    """A bundle whose digest is not the one that was printed is not installed."""
    about = clinic.room.run("readlink", "/opt/voiceassist/current").strip()
    mark = f"/opt/voiceassist/{about}/.installed"
    clinic.room.run("mv", mark, f"{mark}.kept")
    try:
        refused = clinic.play("--limit", "room.lab", voiceassist_bundle_digest="0" * 64)
    finally:
        clinic.room.run("mv", f"{mark}.kept", mark)
    assert refused.done.returncode != 0
    assert "digest that was printed" in refused.done.stdout
    assert refused.total("changed") == 0


def test_all_comes_back_after_a_power_cut(clinic: Any) -> None:
    """Machines that are switched off and on run everything again, the edition included."""
    clinic.stop()
    clinic.start()
    clinic.wait_for(lambda: linked(clinic))
    assert health(clinic)["edition"] == 1
