from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from hub.errors import Conflict, Unauthorized
from hub.fleet import pki
from hub.fleet.keys import load_keys, make_keys
from hub.fleet.service import RoomGate
from voiceassist.contract.ledger import TURN
from voiceassist.contract.wire import RoomState, Topics
from voiceassist.errors import BadInput, Unverified, WrongUse

TOPICS = Topics("demo")


def _state(room: str, **more: Any) -> bytes:
    return RoomState(room=room, status="ready", edition=3, **more).model_dump_json().encode()


def test_enrolment_gives_the_box_all_it_needs_and_no_secret(rooms: Any, box: Any) -> None:
    """The kit is what the architecture promises; its certificate is the room's, for its key."""
    kit = rooms.fleet.enrol(box.request(), "test")
    assert (kit.clinic, kit.room) == ("demo", "exam-1")
    assert "PRIVATE" not in kit.model_dump_json()
    certificate = x509.load_pem_x509_certificate(kit.cert_pem.encode())
    assert certificate.subject.rfc4514_string() == "CN=exam-1"
    assert certificate.public_key() == box.tls.public_key()
    authority = x509.load_pem_x509_certificate(kit.ca_pem.encode())
    certificate.verify_directly_issued_by(authority)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_room_keeps_its_key_unless_its_box_is_replaced(
    rooms: Any, box: Any, make_box: Any
) -> None:
    """Nobody takes a room's place by enrolling under its name."""
    rooms.fleet.enrol(box.request(), "test")
    rooms.fleet.enrol(box.request(), "test")
    thief = make_box("exam-1")
    with pytest.raises(Conflict, match="--replace"):
        rooms.fleet.enrol(thief.request(), "test")
    assert rooms.fleet.key("exam-1") == box.machine.public_key()
    rooms.fleet.enrol(thief.request(), "test", replace=True)
    assert rooms.fleet.key("exam-1") == thief.machine.public_key()


@pytest.mark.parametrize("name", ["hub", "library"])
def test_names_of_the_broker_are_no_rooms(rooms: Any, make_box: Any, name: str) -> None:
    """A room can't be called what the access list knows as something else."""
    with pytest.raises(BadInput, match="another"):
        rooms.fleet.enrol(make_box(name).request(), "test")


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "UPPER", "-x", "x" * 64, "a b"])
def test_a_name_that_could_reach_other_topics_is_refused(make_box: Any, name: str) -> None:
    """Room names hold nothing that MQTT or the access list gives a meaning to."""
    with pytest.raises(ValueError, match="room"):
        make_box(name).request()


def test_a_damaged_request_is_refused(rooms: Any, box: Any) -> None:
    """A request that was cut or altered is told as such."""
    good = box.request()
    for change in ({"csr_pem": good.csr_pem[:200]}, {"machine_public_pem": "x"}):
        with pytest.raises(BadInput, match="new"):
            rooms.fleet.enrol(good.model_copy(update=change), "test")


def test_a_rooms_token_is_good_once(rooms: Any, box: Any) -> None:
    """What somebody overhears can't be used again; the next token of the room can."""
    rooms.fleet.enrol(box.request(), "test")
    gate = RoomGate(rooms.fleet.key, lambda: 1_000_000_000)
    token = box.bearer(1_000_000, "j1")["Authorization"].split()[1]
    assert gate.check(token) == "exam-1"
    with pytest.raises(Unauthorized, match="before"):
        gate.check(token)
    assert gate.check(box.bearer(1_000_000, "j2")["Authorization"].split()[1]) == "exam-1"


def test_a_token_of_a_stranger_or_out_of_time_is_refused(
    rooms: Any, box: Any, make_box: Any
) -> None:
    """Only an enrolled room's own key, now, opens the hub."""
    rooms.fleet.enrol(box.request(), "test")
    gate = RoomGate(rooms.fleet.key, lambda: 1_000_000_000)
    stranger, thief = make_box("exam-9"), make_box("exam-1")
    for header in (
        stranger.bearer(1_000_000, "a"),
        thief.bearer(1_000_000, "b"),
        box.bearer(999_000, "c"),
        {"Authorization": "Bearer nonsense"},
    ):
        with pytest.raises(Unauthorized):
            gate.check(header["Authorization"].split()[1])


async def test_a_rooms_token_opens_nothing_of_the_administrators(
    hub: Any, box: Any, fail: Any
) -> None:
    """Rooms and administrators don't have each other's rights."""
    hub.rooms.fleet.enrol(box.request(), "test")
    now = int(time.time())
    answer = await hub.client.get("/api/v1/rooms", headers=box.bearer(now, "a"))
    fail(answer, 401, "UNAUTHORIZED")
    headers = await hub.sign_in()
    fail(await hub.client.get("/api/v1/library/edition", headers=headers), 401, "UNAUTHORIZED")


async def test_what_a_room_shows_of_itself_is_listed(hub: Any, box: Any, make_box: Any) -> None:
    """The fleet shows each room's last state; false or malformed ones change nothing."""
    headers = await hub.sign_in()
    fleet = hub.rooms.fleet
    fleet.enrol(box.request(), "test")
    fleet.enrol(make_box("exam-2").request(), "test")
    fleet.on_state(TOPICS.state("exam-1"), _state("exam-1", owed=4))
    fleet.on_state(TOPICS.state("exam-2"), _state("exam-1"))
    fleet.on_state(TOPICS.state("exam-2"), b"{}")
    fleet.on_state(TOPICS.state("exam-2"), b"")
    fleet.on_state(TOPICS.state("ghost"), _state("ghost"))
    answer = await hub.client.get("/api/v1/rooms", headers=headers)
    one, two = answer.json()["data"]
    assert (one["room"], one["state"]["owed"], one["state"]["edition"]) == ("exam-1", 4, 3)
    assert one["seen_ms"] > 0
    assert (two["room"], two["state"], two["seen_ms"]) == ("exam-2", None, 0)


def test_servers_prove_themselves_by_name_and_address(now: dt.datetime) -> None:
    """A TLS client that trusts the clinic's authority accepts the hub under its names only."""
    authority = pki.make_authority("demo", now)
    hub = pki.make_server(authority, "hub server", ["hub.clinic.example", "127.0.0.1"], now)
    verifier = PolicyBuilder().store(Store([authority.certificate])).time(now)
    for name in (x509.DNSName("hub.clinic.example"), _address("127.0.0.1")):
        verifier.build_server_verifier(name).verify(hub.certificate, [])
    with pytest.raises(x509.verification.VerificationError):
        verifier.build_server_verifier(x509.DNSName("other.example")).verify(hub.certificate, [])


def _address(text: str) -> Any:
    import ipaddress  # noqa: PLC0415 - only here

    return x509.IPAddress(ipaddress.ip_address(text))


def test_keys_are_made_once_and_only_for_their_owner(tmp_path: Path, now: dt.datetime) -> None:
    """Running init again changes nothing, and every key's file is 0600."""
    folder = tmp_path / "keys"
    assert "edition" in make_keys(folder, "demo", ["localhost"], now)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert make_keys(folder, "demo", ["localhost"], now) == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert load_keys(folder).edition.now()[1].keyid != load_keys(folder).ack.keyid


def test_a_new_name_or_an_end_in_sight_renews_the_servers_only(
    tmp_path: Path, now: dt.datetime
) -> None:
    """Settings and time change certificates; the authority and the signing keys stay."""
    folder = tmp_path / "keys"
    make_keys(folder, "demo", ["localhost"], now)
    authority = (folder / "ca.crt").read_bytes()
    assert make_keys(folder, "demo", ["localhost", "hub.example"], now) == ["hub", "broker"]
    late = now + dt.timedelta(days=pki.LEAF_DAYS - pki.RENEW_DAYS + 1)
    made = make_keys(folder, "demo", ["localhost", "hub.example"], late)
    assert made == ["hub", "broker", "hub-client"]
    assert (folder / "ca.crt").read_bytes() == authority


def test_damaged_or_missing_keys_are_told(tmp_path: Path, now: dt.datetime) -> None:
    """One line says which file, and what to do."""
    folder = tmp_path / "keys"
    with pytest.raises(WrongUse, match="hub init"):
        load_keys(folder)
    make_keys(folder, "demo", ["localhost"], now)
    (folder / "edition.pem").write_bytes(b"x")
    with pytest.raises(Unverified, match="is damaged"):
        load_keys(folder)
    (folder / "ca.key").unlink()
    with pytest.raises(Unverified, match="restore"):
        load_keys(folder)


def test_a_request_names_nothing_but_its_key(box: Any, now: dt.datetime) -> None:
    """Whatever a box asks to be called, the hub decides."""
    authority = pki.make_authority("demo", now)
    pem = box.request().csr_pem.encode()
    certificate = pki.certify_room(authority, pem, "exam-7", now)
    assert certificate.subject.rfc4514_string() == "CN=exam-7"
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


async def test_turns_by_route_come_from_the_trail(hub: Any) -> None:
    """The figures are counted from the audit entries of turns."""
    headers = await hub.sign_in()
    for route in ("room", "room", "hub", "held"):
        hub.rooms.audit.record(
            action=TURN, outcome="answered", subject="t", actor="exam-1", detail={"route": route}
        )
    answer = await hub.client.get("/api/v1/analytics/routes", headers=headers)
    assert json.dumps(answer.json()["data"][0]) == json.dumps(
        {"route": "room", "turns": 2, "per_mille": 500}
    )
    assert sum(one["turns"] for one in answer.json()["data"]) == 4
