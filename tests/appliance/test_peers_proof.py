"""What a box's notices prove: who sent them, and that it was now."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.enrol import Identity, accept_enrolment, load_identity, request_enrolment
from appliance.peers.build import make_peers
from appliance.peers.freshness import Admission, Freshness
from appliance.peers.seal import Seal, seal_of
from appliance.peers.zone import Zone
from appliance.settings import PeersSettings
from hub.fleet import pki
from tests.appliance.sealed import AUTHORITY, NOW, OTHERS, seal
from tests.appliance.test_enrol import make_kit
from voiceassist.contract.claim import Claim, Datagram, Notice, to_sign
from voiceassist.errors import BadInput, Unverified, WrongUse


def notice(room: str = "a", **changes: object) -> Notice:
    whole = {"zone": "ward", "room": room, "boot": "b" * 16, "seq": 1, "asks": "a" * 16}
    return Notice.model_validate(whole | {"echoes": ()} | changes)


def test_a_seal_opens_what_a_peer_closed() -> None:
    """What one box signs another of the clinic reads, and altered it is refused."""
    data = seal("a").close(notice())
    assert seal("b").open(Datagram.from_bytes(data)) == notice()
    altered = Datagram.from_bytes(data.replace(b'"seq":1', b'"seq":2'))
    with pytest.raises(Unverified, match="signature"):
        seal("b").open(altered)


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        (seal("a", OTHERS), "not this clinic's"),
        (seal("a", name="z"), "speaks as"),
        (seal("a", server=True), "no room's"),
        (seal("a", made=NOW - dt.timedelta(days=900)), "has ended"),
    ],
)
def test_a_seal_refuses_who_is_no_room_of_the_clinic(sender: Seal, reason: str) -> None:
    """Another clinic's, another room's, a server's or an ended certificate speaks for nobody."""
    with pytest.raises(Unverified, match=reason):
        seal("b").open(Datagram.from_bytes(sender.close(notice())))


def test_a_certificate_that_signed_itself_is_refused() -> None:
    """A room can't certify another name with its own key."""
    room = pki.make_client(AUTHORITY, "a", NOW)
    own = pki.Identity(room.certificate, room.key)
    forged = pki.make_client(own, "b", NOW)
    sender = Seal(AUTHORITY.certificate, forged.certificate, forged.key, lambda: NOW)
    data = Datagram.from_bytes(sender.close(notice("b")))
    with pytest.raises(Unverified):
        seal("c").open(data)


def test_a_clock_set_to_the_past_shuts_nobody_out() -> None:
    """A box that woke up in 1970 still knows its peers."""
    reader = seal("b", today=dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    assert reader.open(Datagram.from_bytes(seal("a").close(notice()))) == notice()


def test_a_damaged_notice_is_told_apart() -> None:
    """What a peer signed but has not the form is damaged, not forged."""
    one = pki.make_client(AUTHORITY, "a", NOW)
    signature = one.key.sign(to_sign(b"{}"), ec.ECDSA(SHA256()))
    certificate = one.certificate.public_bytes(Encoding.DER)
    with pytest.raises(BadInput):
        seal("b").open(Datagram(certificate, signature, b"{}"))


def test_opening_takes_far_less_than_a_millisecond() -> None:
    """A notice of a known peer is checked fast enough to be nothing beside a frame of sound."""
    reader, datagram = seal("b"), Datagram.from_bytes(seal("a").close(notice()))
    reader.open(datagram)
    took = []
    for _ in range(200):
        began = time.perf_counter()
        reader.open(datagram)
        took.append(time.perf_counter() - began)
    assert sorted(took)[100] < 0.001


def test_an_enrolled_box_has_a_seal(tmp_path: Path) -> None:
    """What enrolment leaves on a box is enough to be a peer."""
    first, second = (seal_of(enrolled(tmp_path / name, name), lambda: NOW) for name in ("a", "b"))
    assert second.open(Datagram.from_bytes(first.close(notice()))) == notice()


def test_a_zone_is_named_and_enrolled(tmp_path: Path) -> None:
    """Without a zone there are no peers; with one and no enrolment the box does not start."""
    assert make_peers(PeersSettings(), None, time.perf_counter) is None
    zone = PeersSettings(zone="ward")
    with pytest.raises(WrongUse, match="identity_dir"):
        make_peers(zone, None, time.perf_counter)
    peers = make_peers(zone, enrolled(tmp_path / "a", "a"), time.perf_counter)
    assert peers is not None
    assert not peers.problem, "nothing is amiss before it was started"


def enrolled(folder: Path, room: str) -> Identity:
    request_enrolment(room, folder)
    accept_enrolment(make_kit(folder), folder)
    return load_identity(folder)


class Drawn:
    """16 hex digits, one after the other."""

    def __init__(self, begin: int) -> None:
        self._next = begin

    def __call__(self) -> str:
        self._next += 1
        return f"{self._next:016x}"


def test_a_notice_counts_once_and_only_while_its_word_is_good() -> None:
    """Doubles are dropped, late ones are not, and 40 seconds on nothing recorded is good."""
    fresh = Freshness(Drawn(0))
    echoes = (fresh.asks,)
    assert fresh.admit(notice(seq=5, echoes=echoes), 0.0) is Admission.PROVEN
    assert fresh.admit(notice(seq=5, echoes=echoes), 0.0) is Admission.REPLAYED
    assert fresh.admit(notice(seq=3, echoes=echoes), 0.0) is Admission.PROVEN
    assert fresh.admit(notice(seq=3, echoes=echoes), 0.0) is Admission.REPLAYED
    assert fresh.admit(notice(seq=200, echoes=echoes), 0.0) is Admission.PROVEN
    assert fresh.admit(notice(seq=100, echoes=echoes), 0.0) is Admission.REPLAYED
    for _ in range(4):
        fresh.rotate()
    assert fresh.admit(notice(seq=201, echoes=echoes), 1.0) is Admission.STALE
    assert fresh.admit(notice(seq=202, echoes=(fresh.asks,)), 1.0) is Admission.PROVEN


def test_a_recorded_greeting_takes_no_peers_place() -> None:
    """Old greetings played back never displace the word of a peer that is there."""
    fresh = Freshness(Drawn(0))
    fresh.admit(notice(asks="f" * 16, echoes=(fresh.asks,)), 0.0)
    for number in range(50):
        old = notice(boot=f"{number:016x}", asks=f"{number:016x}")
        assert fresh.admit(old, 1.0) is Admission.UNPROVEN
    assert fresh.echoes()[0] == "f" * 16
    assert len(fresh.echoes()) <= 12
    assert fresh.proven() == {"a"}


def test_a_peer_that_left_is_forgotten() -> None:
    """After 45 silent seconds a box counts itself alone."""
    fresh = Freshness(Drawn(0))
    fresh.admit(notice(echoes=(fresh.asks,)), 0.0)
    fresh.forget(45.0)
    assert fresh.anybody()
    fresh.forget(45.1)
    assert not fresh.anybody()


def test_greetings_can_not_be_made_a_storm() -> None:
    """A thousand strange greetings a second are answered five times."""
    zone = Zone("ward", "a", Drawn(0), 0.0)
    zone.act(3.0)
    sent = 0
    for number in range(1000):
        now = 3.5 + number / 1000
        zone.receive(notice("b", boot=f"{number:016x}"), now)
        sent += len(zone.act(now))
    assert 1 <= sent <= 6


def test_a_claim_tells_how_long_ago_it_was_heard() -> None:
    """The age grows with each repeat, and holds nothing but numbers and ids."""
    zone = Zone("ward", "a", Drawn(0), 0.0)
    zone.act(5.0)
    zone.receive(notice("b"), 9.9)
    zone.act(9.95)
    zone.call(9.9, 120, 950, 10.0)
    first, second = zone.act(10.0)[0].claim, zone.act(10.06)[0].claim
    assert isinstance(first, Claim)
    assert isinstance(second, Claim)
    assert (first.age_ms, second.age_ms, first.taken) == (100, 160, False)
    assert set(first.model_dump()) == {"call", "loud", "score", "age_ms", "taken"}


def test_the_certificate_is_small() -> None:
    """A whole claim between rooms with usual names stays under a kilobyte."""
    one = Claim(call="c" * 16, loud=100, score=900, age_ms=50, taken=False)
    data = seal("room-12").close(notice("room-12", echoes=("e" * 16,) * 4, claim=one))
    assert len(data) < 1100
    assert x509.load_der_x509_certificate(Datagram.from_bytes(data).certificate)
