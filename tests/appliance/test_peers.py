"""Boxes of one zone on a network: the same promises on a fake one and on real multicast."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from appliance.adapters.live import Live
from appliance.peers.calls import settle
from appliance.peers.figures import PeerFigures
from appliance.peers.lan import Lan, UdpLan
from appliance.peers.peers import Peers
from appliance.peers.zone import Zone
from appliance.stages import Frame
from tests.appliance.sealed import OTHERS, seal
from voiceassist.contract.claim import Datagram
from voiceassist.engines.ports import SAMPLE_RATE, WakeHit

PORTS = iter(range(47_101, 47_400))
HIT = WakeHit(16_000, 0.97)


class Wire:
    """A network in memory; as UDP does, it hands a sender its own datagrams too."""

    def __init__(self) -> None:
        self.taken: dict[MemoryLan, Callable[[bytes], None]] = {}
        self.log: list[bytes] = []
        self.up = True

    def join(self) -> MemoryLan:
        return MemoryLan(self)


class MemoryLan:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def open(self, take: Callable[[bytes], None]) -> bool:
        self._wire.taken[self] = take
        return self._wire.up

    def drain(self) -> None:
        pass

    def send(self, data: bytes) -> bool:
        self._wire.log.append(data)
        if self._wire.up:
            for take in self._wire.taken.values():
                asyncio.get_running_loop().call_soon(take, data)
        return self._wire.up

    def close(self) -> None:
        self._wire.taken.pop(self, None)


@pytest.fixture(params=["memory", "multicast", "broadcast"])
def join(request: pytest.FixtureRequest) -> Callable[[], Lan]:
    """Makes one more place on a network of the test's own."""
    if request.param == "memory":
        return Wire().join
    port = next(PORTS)
    if request.param == "multicast":
        return lambda: UdpLan("239.255.86.1", port, "lo")
    return lambda: UdpLan("127.255.255.255", port)


def box(lan: Lan, room: str, zone: str = "ward") -> Peers:
    return Peers(zone, seal(room), lan, time.perf_counter)


async def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture
def started() -> Iterator[list[Peers]]:
    boxes: list[Peers] = []
    yield boxes
    for one in boxes:
        one.stop()


async def zone_of(join: Callable[[], Lan], started: list[Peers], rooms: str) -> list[Peers]:
    """Boxes that know each other."""
    for room in rooms:
        started.append(box(join(), room))
        started[-1].start()
    await until(lambda: all(len(one.others) == len(rooms) - 1 for one in started))
    return started


async def test_one_of_three_answers(join: Callable[[], Lan], started: list[Peers]) -> None:
    """The box that heard the word loudest answers, and the others know which one it is."""
    boxes = await zone_of(join, started, "abc")
    now = time.perf_counter()
    verdicts = await asyncio.gather(
        *(one.claim(HIT, now - 0.1, loud) for one, loud in zip(boxes, (90, 230, 150), strict=True))
    )
    assert [one.ours for one in verdicts] == [False, True, False]
    assert [one.by for one in verdicts] == ["b", "", "b"]
    assert time.perf_counter() - now < 1.0
    assert all(not one.counts.split and not one.counts.refused for one in boxes)


async def test_a_late_box_stays_silent(join: Callable[[], Lan], started: list[Peers]) -> None:
    """Who notices the word after it was settled loses, however well it heard it."""
    first, second = await zone_of(join, started, "ab")
    heard = time.perf_counter()
    assert (await first.claim(HIT, heard, 10)).ours
    await asyncio.sleep(0.3)
    late = await second.claim(HIT, heard + 0.05, 400)
    assert (late.ours, late.by) == (False, "a")


async def test_the_next_wake_word_is_another(join: Callable[[], Lan], started: list[Peers]) -> None:
    """Who won the last call has no claim on the next."""
    first, second = await zone_of(join, started, "ab")
    now = time.perf_counter()
    await asyncio.gather(first.claim(HIT, now, 200), second.claim(HIT, now, 10))
    await asyncio.sleep(0.7)
    now = time.perf_counter()
    told = await asyncio.gather(first.claim(HIT, now, 10), second.claim(HIT, now, 200))
    assert [one.ours for one in told] == [False, True]


async def test_zones_do_not_hear_each_other(join: Callable[[], Lan], started: list[Peers]) -> None:
    """Boxes of two zones on one network both answer, and at once."""
    started += [box(join(), "a", "east"), box(join(), "b", "west")]
    for one in started:
        one.start()
    await asyncio.sleep(0.3)
    now = time.perf_counter()
    told = await asyncio.gather(*(one.claim(HIT, now, 100) for one in started))
    assert all(one.ours for one in told)
    assert time.perf_counter() - now < 0.2


async def test_noise_on_the_port_changes_nothing(
    join: Callable[[], Lan], started: list[Peers]
) -> None:
    """Noise, a stranger's claim and a flood are counted and dropped, and one box answers."""
    boxes = await zone_of(join, started, "ab")
    other = join()
    assert other.open(lambda _data: None)
    stranger = seal("c", OTHERS)
    forged = Zone("ward", "c", lambda: "0" * 16, 0.0)
    forged.call(0.0, 1000, 1000, 0.0)
    for _ in range(40):
        other.send(b"noise")
        for notice in forged.act(1.0):
            other.send(stranger.close(notice))
        other.send(Datagram(b"C" * 400, b"S" * 70, b"{}").to_bytes())
        await asyncio.sleep(0)
    now = time.perf_counter()
    told = await asyncio.gather(boxes[0].claim(HIT, now, 10), boxes[1].claim(HIT, now, 20))
    other.close()
    assert [one.ours for one in told] == [False, True]
    counts = boxes[0].counts
    assert counts.malformed >= 40
    assert counts.refused > 0
    assert counts.flooded > 0


async def test_without_a_network_the_box_answers(started: list[Peers]) -> None:
    """A network that is away costs no time and no answer, and shows as a problem."""
    wire = Wire()
    wire.up = False
    started.append(box(wire.join(), "a"))
    started[0].start()
    now = time.perf_counter()
    assert (await started[0].claim(HIT, now, 10)).ours
    assert time.perf_counter() - now < 0.1
    assert "network" in started[0].problem
    assert started[0].counts.unsent > 0


async def test_a_missing_interface_is_no_error(started: list[Peers]) -> None:
    """A box whose named interface is not there yet works alone."""
    started.append(box(UdpLan("239.255.86.1", next(PORTS), "none0"), "a"))
    started[0].start()
    assert (await started[0].claim(HIT, time.perf_counter(), 10)).ours
    assert started[0].problem


async def test_stopping_leaves_nobody_waiting(started: list[Peers]) -> None:
    """A call that is open when the box stops is settled."""
    boxes = await zone_of(Wire().join, started, "ab")
    asked = asyncio.create_task(boxes[0].claim(HIT, time.perf_counter(), 10))
    await asyncio.sleep(0.05)
    boxes[0].stop()
    assert (await asyncio.wait_for(asked, 0.5)).ours
    assert (await boxes[0].claim(HIT, time.perf_counter(), 10)).ours


async def test_a_recorded_claim_silences_nobody(started: list[Peers]) -> None:
    """Played back later, or to a box that was started since, a strong claim is worth nothing."""
    wire = Wire()
    strong, weak = await zone_of(wire.join, started, "ab")
    now = time.perf_counter()
    await asyncio.gather(strong.claim(HIT, now, 900), weak.claim(HIT, now, 10))
    recorded = list(wire.log)
    strong.stop()
    await asyncio.sleep(0.7)
    player = wire.join()
    asked = asyncio.create_task(weak.claim(HIT, time.perf_counter(), 10))
    for data in recorded:
        player.send(data)
    assert (await asked).ours
    assert weak.counts.replayed > 0
    young = box(wire.join(), "c")
    started.append(young)
    young.start()
    asked = asyncio.create_task(young.claim(HIT, time.perf_counter(), 10))
    for data in recorded:
        player.send(data)
    assert (await asked).ours
    assert young.counts.unproven > 0


async def test_a_live_room_brings_its_calls_before_its_peers(started: list[Peers]) -> None:
    """The loudness is that of the room's own frames, the moment that of the word's end."""
    boxes = await zone_of(Wire().join, started, "ab")
    begin = time.perf_counter() - 4

    def live(gain: int) -> Live:
        dice = np.random.default_rng(1)
        room = Live(Still(begin), lambda: None)  # type: ignore[arg-type, return-value]
        wave = dice.normal(0, 60, 4 * SAMPLE_RATE)
        wave[48_000:62_000] += gain * np.sin(np.arange(14_000) / 9)
        for at in range(0, len(wave) - 512, 512):
            room._kept.append(Frame(at, wave[at : at + 512].astype(np.int16), 0.9))
        return room

    hit = WakeHit(62_000, 0.9)
    told = await asyncio.gather(settle(boxes[0], live(2000), hit), settle(boxes[1], live(900), hit))
    assert [one.ours for one in told] == [True, False]


async def test_the_figures_tell_who_answered(started: list[Peers]) -> None:
    """Prometheus is told how many others are there, and how often this box won and lost."""
    boxes = await zone_of(Wire().join, started, "ab")
    now = time.perf_counter()
    await asyncio.gather(boxes[0].claim(HIT, now, 10), boxes[1].claim(HIT, now, 20))
    registry = CollectorRegistry()
    registry.register(PeerFigures(boxes[0]))
    told = [
        registry.get_sample_value("voiceassist_peers"),
        *(
            registry.get_sample_value("voiceassist_peer_events_total", {"what": what})
            for what in ("won", "lost", "split")
        ),
    ]
    assert told == [1.0, 0.0, 1.0, 0.0]


class Still:
    """A stream that only knows when it began."""

    def __init__(self, begin: float) -> None:
        self._begin = begin

    def moment(self, sample: int) -> float:
        return self._begin + sample / SAMPLE_RATE
