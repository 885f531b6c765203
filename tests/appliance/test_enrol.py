from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from appliance.enrol import accept_enrolment, app, load_identity, request_enrolment
from appliance.keys import SEALED_KEY, machine_key
from hub.fleet import pki
from hub.fleet.schemas import EnrolRequest
from voiceassist.contract.signing import Signer, as_pem
from voiceassist.errors import Unverified, VoiceAssistError, WrongUse

NOW = dt.datetime.now(dt.UTC)
AUTHORITY = pki.make_authority("north", NOW)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
PUBLIC = SIGNER.public_pem


def make_kit(box: Path, **changes: Any) -> Path:
    """What the hub would answer to the box's request."""
    request = EnrolRequest.model_validate_json((box / "request.json").read_bytes())
    certificate = pki.certify_room(AUTHORITY, request.csr_pem.encode(), request.room, NOW)
    kit = {
        "clinic": "north",
        "room": request.room,
        "ca_pem": AUTHORITY.cert_pem.decode(),
        "cert_pem": certificate.public_bytes(Encoding.PEM).decode(),
        "edition_public_pem": [PUBLIC],
        "ack_public_pem": [PUBLIC],
        "hub_url": "https://hub:8443",
        "mqtt_host": "hub",
        "mqtt_port": 8883,
        **changes,
    }
    path = box / "kit.json"
    path.write_text(json.dumps({name: value for name, value in kit.items() if value is not None}))
    return path


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    request_enrolment("room-1", folder)
    return folder


def test_a_box_becomes_a_room(box: Path) -> None:
    """Request, kit, accept: then the box knows itself, its clinic and whom to trust."""
    accept_enrolment(make_kit(box), box)
    identity = load_identity(box)
    assert (identity.room, identity.clinic, identity.mqtt_port) == ("room-1", "north", 8883)
    assert identity.acks.open("t", SIGNER.sign("t", b"x")) == b"x"
    assert identity.editions.ring().open("t", SIGNER.sign("t", b"x")) == b"x"
    assert identity.signer.keyid == Signer(identity.private).keyid
    assert "PRIVATE" not in repr(identity)


def test_private_keys_stay_and_are_the_owners_alone(box: Path) -> None:
    """Nothing private is in the request, and nobody else can read the keys."""
    assert "PRIVATE" not in (box / "request.json").read_text()
    for name in ("machine.key", "tls.key"):
        assert (box / name).stat().st_mode & 0o777 == 0o600


def test_asking_again_keeps_the_keys(box: Path) -> None:
    """A repeated request is the same machine's, so that an enrolled box is not lost by it."""
    before = [(box / name).read_bytes() for name in ("machine.key", "tls.key")]
    request_enrolment("room-1", box)
    assert before == [(box / name).read_bytes() for name in ("machine.key", "tls.key")]


@pytest.mark.parametrize("room", ["", "Room", "a b", "../x", "a" * 64, "-a", "a\n"])
def test_a_name_that_is_no_room_is_refused(tmp_path: Path, room: str) -> None:
    """Room names are what fits a topic, a certificate and a file name; nothing is made."""
    with pytest.raises(WrongUse):
        request_enrolment(room, tmp_path / "box")
    assert not (tmp_path / "box").exists()


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    """A path through a file is one clear line."""
    (tmp_path / "file").touch()
    with pytest.raises(WrongUse, match="choose another"):
        request_enrolment("room-1", tmp_path / "file" / "box")


def _other_ca() -> str:
    return pki.make_authority("south", NOW).cert_pem.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"room": "room-2"},
        {"ca_pem": _other_ca()},
        {"cert_pem": pki.make_client(AUTHORITY, "room-1", NOW).cert_pem.decode()},
        {"cert_pem": "junk"},
        {"ack_public_pem": ["junk"]},
        {"ack_public_pem": []},
        {"edition_public_pem": [AUTHORITY.cert_pem.decode()]},
        {"mqtt_port": 0},
        {"hub_url": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_kit_that_is_not_this_boxs_is_refused_whole(box: Path, changes: dict[str, Any]) -> None:
    """Another room's, authority's or key's kit, or a malformed one, leaves no file behind."""
    kit = make_kit(box, **changes)
    with pytest.raises(Unverified):
        accept_enrolment(kit, box)
    assert not (box / "hub.json").exists()


def _remove(name: str) -> Callable[[Path], None]:
    return lambda box: (box / name).unlink()


def _replace_key(box: Path) -> None:
    (box / "tls.key").unlink()
    request_enrolment("room-1", box)


def _share(box: Path) -> None:
    (box / "machine.key").chmod(0o640)


def _swap(box: Path) -> None:
    (box / "machine.key").write_bytes((box / "tls.key").read_bytes())


def _junk(box: Path) -> None:
    (box / "hub.json").write_text("{}")


@pytest.mark.parametrize(
    ("harm", "error", "says"),
    [
        (_remove("hub.json"), WrongUse, "enrol"),
        (_remove("machine.key"), WrongUse, "machine.key"),
        (_remove("ca.pem"), WrongUse, "ca.pem"),
        (_replace_key, Unverified, "does not fit"),
        (_share, Unverified, "chmod 600"),
        (_swap, Unverified, "no Ed25519 key"),
        (_junk, Unverified, "clinic"),
    ],
)
def test_an_identity_that_is_not_whole_is_named(
    box: Path, harm: Callable[[Path], None], error: type[VoiceAssistError], says: str
) -> None:
    """Missing, readable by others, swapped or damaged: one line that says which and what to do."""
    accept_enrolment(make_kit(box), box)
    harm(box)
    with pytest.raises(error, match=says) as caught:
        load_identity(box)
    assert "\n" not in str(caught.value)


def test_the_commands_do_the_same(tmp_path: Path) -> None:
    """`enrol request` and `enrol accept` report in JSON and in words."""
    box = tmp_path / "box"
    run = CliRunner().invoke
    asked = run(app, ["request", "--room", "room-1", "--dir", str(box), "--json"])
    assert json.loads(asked.stdout)["request"] == str(box / "request.json")
    accepted = run(app, ["accept", str(make_kit(box)), "--dir", str(box)])
    assert accepted.exit_code == 0
    assert "room-1" in accepted.stdout
    missing = run(app, ["accept", str(box / "none.json"), "--dir", str(box)])
    assert isinstance(missing.exception, WrongUse)


def test_a_sealed_key_is_read_from_where_systemd_opened_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has it without a file beside the rest; a file, where there is one, is newer."""
    request_enrolment("room-1", tmp_path)
    key = tmp_path / "machine.key"
    plain = as_pem(machine_key(tmp_path).public_key())
    opened = tmp_path / "credentials"
    opened.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(opened))
    assert as_pem(machine_key(tmp_path).public_key()) == plain
    key.rename(opened / SEALED_KEY)
    assert as_pem(machine_key(tmp_path).public_key()) == plain
    (opened / SEALED_KEY).unlink()
    with pytest.raises(WrongUse, match=SEALED_KEY):
        machine_key(tmp_path)
