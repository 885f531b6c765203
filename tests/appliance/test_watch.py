from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from appliance.adapters.deadlines import Deadlines, TooSlow, bounded
from appliance.rules.degrade import Level, Load, level, says
from appliance.rules.watch import Hearing, Patience, Step, Vitals
from appliance.watch.box import Box
from appliance.watch.systemd import Notifier
from appliance.watch.watch import Watch
from voiceassist.contract.speech import Transcript
from voiceassist.errors import Unavailable

RATE = 16_000


def looks(*vitals: tuple[int, int, bool | None]) -> list[tuple[str, Step]]:
    """What each look, a second apart, finds and does."""
    hearing = Hearing(Patience())
    told = []
    for second, (heard, scored, hears) in enumerate(vitals, 1):
        hearing, step = hearing.after(Vitals(float(second), heard, scored, hears))
        told.append((hearing.deaf, step))
    return told


def steps(told: Sequence[tuple[str, Step]]) -> list[Step]:
    return [step for _, step in told if step is not Step.NONE]


def test_a_room_that_hears_is_left_alone() -> None:
    """While samples come and are scored nothing is found and nothing done."""
    told = looks(*[(n * RATE, n * RATE, True if n % 5 == 0 else None) for n in range(1, 60)])
    assert set(told) == {("", Step.NONE)}


def test_a_stream_that_stands_still_is_opened_anew_and_then_the_room() -> None:
    """Found within three seconds, healed or given up within ten."""
    told = looks(*[(min(n, 5) * RATE, min(n, 5) * RATE, None) for n in range(1, 20)])
    assert steps(told)[:2] == [Step.RESTART_STREAM, Step.GIVE_UP]
    assert next(n for n, (deaf, _) in enumerate(told, 1) if deaf) <= 5 + 3
    assert next(n for n, (_, step) in enumerate(told, 1) if step is Step.GIVE_UP) <= 5 + 10


def test_a_wake_word_that_is_given_nothing_is_made_anew() -> None:
    """Samples that come and are not scored are the wake word's fault, and named so."""
    told = looks(*[(n * RATE, min(n, 5) * RATE, None) for n in range(1, 20)])
    assert steps(told)[:3] == [Step.RESTART_WAKE, Step.RESTART_STREAM, Step.GIVE_UP]
    assert ("wake", Step.RESTART_WAKE) in told


def test_a_wake_word_that_misses_its_test_is_made_anew_and_that_helps() -> None:
    """A test that is missed heals at once; one that is heard again ends the matter."""
    tests: list[bool | None] = [None] * 30
    tests[4], tests[9] = False, True
    told = looks(*[(n * RATE, n * RATE, tests[n]) for n in range(1, 30)])
    assert steps(told) == [Step.RESTART_WAKE]
    assert told[3] == ("wake", Step.RESTART_WAKE)
    assert told[-1] == ("", Step.NONE)


def test_a_step_that_helped_is_the_first_again_next_time() -> None:
    """After a steady while a new fault begins with the weakest step."""
    tests: list[bool | None] = [None] * 60
    tests[4] = tests[40] = False
    told = looks(*[(n * RATE, n * RATE, tests[n]) for n in range(1, 60)])
    assert steps(told) == [Step.RESTART_WAKE, Step.RESTART_WAKE]


@dataclass
class Ears:
    heard: int = 0
    scored: int = 0
    hears: bool | None = True
    deaf_after: int = 10**9
    heals: bool = True
    done: list[str] = field(default_factory=list)

    def vitals(self, *, test: bool) -> tuple[int, int, bool | None]:
        self.heard += RATE
        if self.heard < self.deaf_after:
            self.scored += RATE
        return self.heard, self.scored, self.hears if test else None

    def restart_wake(self) -> None:
        self.done.append("wake")
        if self.heals:
            self.deaf_after = 10**9

    def restart_stream(self) -> None:
        self.done.append("stream")


@dataclass
class Room:
    """A watch on virtual time."""

    ears: Ears
    now: float = 0.0
    load: Load = Load(0.2)  # noqa: RUF009 - frozen
    told: list[str] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = Watch(
            self.ears, lambda: self.load, lambda: self.now, Beats(self),
            on_deaf=self.told.append, on_level=self.levels.append,
        )  # fmt: skip

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.watch.look()


class Beats(Notifier):
    def __init__(self, room: Room) -> None:
        super().__init__({})
        self._room = room

    def alive(self, status: str = "") -> None:
        self._room.beats.append(self._room.now)


def test_deafness_is_found_told_and_healed_within_ten_seconds() -> None:
    """The panel is told when it begins and when it is over, and systemd gets no beat between."""
    room = Room(Ears(deaf_after=20 * RATE))
    room.run(60)
    assert room.told == ["wake", ""]
    assert room.ears.done == ["wake"]
    gap = max(b - a for a, b in zip(room.beats, room.beats[1:], strict=False))
    assert 1 < gap <= 10


def test_a_room_that_can_not_be_healed_ends() -> None:
    """Deaf for good it ends within ten seconds, to be started again, and was never silent on it."""
    room = Room(Ears(deaf_after=20 * RATE, heals=False))
    with pytest.raises(Unavailable, match="start it again"):
        room.run(60)
    assert room.ears.done == ["wake", "stream"]
    assert room.now <= 20 + 10


def test_a_hot_box_is_told_once() -> None:
    """A level is told when it is reached and when it is left, not at each look."""
    room = Room(Ears())
    room.load = Load(0.2, 90.0)
    room.run(40)
    room.load = Load(0.2, 60.0)
    room.run(40)
    assert room.levels == [Level.EASED, Level.FULL]


@pytest.mark.parametrize(
    ("before", "load", "after"),
    [
        (Level.FULL, Load(0.79, 84), Level.FULL),
        (Level.FULL, Load(0.81, 40), Level.EASED),
        (Level.FULL, Load(0.10, 86), Level.EASED),
        (Level.FULL, Load(0.95, None), Level.STRAINED),
        (Level.EASED, Load(0.77, 40), Level.EASED),
        (Level.EASED, Load(0.74, 40), Level.FULL),
        (Level.STRAINED, Load(0.10, 91), Level.STRAINED),
        (Level.STRAINED, Load(0.10, 89), Level.EASED),
        (Level.STRAINED, Load(0.10, 20), Level.FULL),
    ],
)
def test_levels_are_reached_at_once_and_left_with_a_margin(
    before: Level, load: Load, after: Level
) -> None:
    """A box at the edge does not go to and fro."""
    assert level(before, load) is after
    assert bool(says(after)) is (after is not Level.FULL)


def test_the_box_is_read_from_the_system(tmp_path: Path) -> None:
    """The room's memory is its processes', the hottest sensor counts, a broken one does not."""
    for process, pages, children in ((7, 1000, "8 9"), (8, 500, ""), (9, 24, "")):
        task = tmp_path / "proc" / str(process) / "task" / str(process)
        task.mkdir(parents=True)
        (task / "children").write_text(children)
        (tmp_path / "proc" / str(process) / "statm").write_text(f"9999 {pages} 1 1 0 1 0\n")
    for number, milli in enumerate((45_000, 71_500, -274_000, 2_000_000)):
        zone = tmp_path / "sys/class/thermal" / f"thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(f"{milli}\n")
    load = Box(100, 7, tmp_path).load()
    assert load.memory == pytest.approx(1524 * 4096 / (100 << 20))
    assert load.celsius == 71.5


def test_systemd_is_told(tmp_path: Path) -> None:
    """Ready, alive and stopping reach the socket; with none, or a dead one, nothing fails."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        notifier = Notifier({"NOTIFY_SOCKET": str(path)})
        notifier.ready()
        notifier.alive("hears")
        notifier.stopping()
        told = [listener.recv(200).decode() for _ in range(3)]
    assert told == ["READY=1", "WATCHDOG=1\nSTATUS=hears", "STOPPING=1"]
    notifier.alive()
    Notifier({}).ready()


class Hangs:
    async def transcribe(self, utterance: object) -> Transcript:
        await asyncio.sleep(3600)
        raise AssertionError

    async def judge(self, transcript: object) -> object:
        await asyncio.sleep(3600)
        raise AssertionError

    judge_anew = judge

    async def find(self, query: str) -> object:
        await asyncio.sleep(3600)
        raise AssertionError

    async def append(self, **_: object) -> None:
        await asyncio.sleep(3600)


SOON = Deadlines(ear=0.02, gate=0.02, library=0.02, compose=0.02, journal=0.02)


async def test_what_hangs_fails_its_turn_and_not_the_room(make_room: object) -> None:
    """Each stage that hangs is named; a hanging gate holds; the ear's thread is replaced."""
    hung = Hangs()
    given_up: list[str] = []
    whole = make_room().box  # type: ignore[operator]
    box = replace(whole, ear=hung, gate=hung, library=hung, journal=hung)
    box = bounded(box, SOON, lambda: given_up.append("ear"))
    with pytest.raises(TooSlow, match=r"recogniser.*ask again"):
        await box.ear.transcribe(None)
    assert given_up == ["ear"]
    verdict = await box.gate.judge(Transcript("what is the dose", 0.9))
    assert verdict.held
    assert verdict.reasons == ("time_out",)
    with pytest.raises(TooSlow, match="library"):
        await box.library.find("dose")
    with pytest.raises(TooSlow, match="journal"):
        await box.journal.append(action="turn", outcome="x", turn_id="t", detail={})
