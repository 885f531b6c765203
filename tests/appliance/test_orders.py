"""What a room does at the hub's command, and what it does not."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from appliance import service as services
from appliance.adapters.lights import Led, Lights
from appliance.commands.commands import Refused
from appliance.events import Condition, Events, Left, Over, Woke
from appliance.orders import Orders
from appliance.signals import Signals
from appliance.watch.systemd import Notifier
from voiceassist.contract.command import Verb
from voiceassist.engines.profile import SignsProfile


class Board:
    """A switchboard of values."""

    def __init__(self) -> None:
        self.hears, self.muted = True, False

    def mute(self, *, on: bool) -> None:
        self.muted = on


class Desk:
    """A room's orders, and what they did."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.events = Events()
        self.board = Board()
        self.orders = Orders(self.events, self.board)  # type: ignore[arg-type]
        self.orders.show = lambda: self.did.append("show")
        self.orders.end = lambda: self.did.append("end")
        self.acts = self.orders.acts(
            fetch=lambda: self.did.append("fetch"), report=lambda: self.did.append("report")
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_every_verb_has_its_act(desk: Desk) -> None:
    """What the hub can order this release to do, this release does."""
    assert set(desk.acts) == set(Verb)
    for verb in Verb:
        if verb is not Verb.MUTE:
            desk.acts[verb]()
    assert desk.did == ["show", "fetch", "report", "end"]
    desk.acts[Verb.MUTE]()
    assert desk.board.muted


@pytest.mark.parametrize("verb", [Verb.IDENTIFY, Verb.MUTE, Verb.RESTART])
def test_a_turn_is_neither_held_up_nor_ended(desk: Desk, verb: Verb) -> None:
    """While somebody asks it is refused as busy; between two turns, or after a failed one, done."""
    desk.events.tell(Woke("t", 0, 1.0))
    with pytest.raises(Refused, match="somebody is asking"):
        desk.acts[verb]()
    assert (desk.did, desk.board.muted) == ([], False)
    for end in (Left("t", "silent"), Over("t", None)):
        desk.events.tell(end)
        desk.board.muted = False
        desk.acts[verb]()


@pytest.mark.parametrize("verb", [Verb.FETCH_EDITION, Verb.REPORT])
def test_what_disturbs_nobody_is_done_at_once(desk: Desk, verb: Verb) -> None:
    """Looking for an edition and telling the state go on beside a turn."""
    desk.events.tell(Woke("t", 0, 1.0))
    desk.acts[verb]()
    assert len(desk.did) == 1


def test_a_closed_microphone_stays_closed(desk: Desk) -> None:
    """No command opens it: a restart, after which it would be open, is refused."""
    desk.acts[Verb.MUTE]()
    with pytest.raises(Refused, match="closed"):
        desk.acts[Verb.RESTART]()
    for verb in set(Verb) - {Verb.RESTART}:
        desk.acts[verb]()
        assert desk.board.muted
    assert "end" not in desk.did


def test_what_a_room_has_not_is_refused(desk: Desk) -> None:
    """No tones or lights, no microphone, nobody who starts it again: each is told."""
    desk.orders.show = desk.orders.end = None
    desk.board.hears = False
    for verb, told in (
        (Verb.IDENTIFY, "lights"), (Verb.RESTART, "systemd"), (Verb.MUTE, "microphone"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=told):
            desk.acts[verb]()


class Live:
    """A live room that only beeps."""

    def __init__(self) -> None:
        self.idle = True
        self.beeps: list[int] = []

    async def beep(self, samples: Any) -> None:
        assert samples.dtype == np.int16
        self.beeps.append(len(samples))


async def test_a_box_that_is_looked_for_sounds_until_somebody_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Several tones, ordered from another thread; the rest is left out where a turn begins."""
    monkeypatch.setattr("appliance.signals._CALL_S", 0.01)
    live: Any = Live()
    signals = Signals(SignsProfile(), live, SimpleNamespace(), Events(), 22_050)  # type: ignore[arg-type]
    assert signals.shows
    await asyncio.to_thread(signals.here)
    await asyncio.sleep(0.2)
    assert len(live.beeps) == 5
    live.idle = False
    await asyncio.to_thread(signals.here)
    await asyncio.sleep(0.05)
    assert len(live.beeps) == 5


async def test_a_board_without_signs_can_not_show_itself() -> None:
    """Neither tones nor lights: the room says so instead of doing nothing."""
    quiet: Any = SimpleNamespace()
    assert not Signals(SignsProfile(tones=False), Live(), quiet, Events(), 22_050).shows  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [["status"], ["r", "g", "b"]])
def test_lights_blink_for_who_looks_and_go_on_to_show_what_the_room_does(
    tmp_path: Path, names: list[str]
) -> None:
    """All of them blink while nothing is done, for ten seconds; listening and muted outweigh it."""
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "max_brightness").write_text("1")
        (tmp_path / name / "brightness").write_text("0")
    lights = Lights([Led(name, tmp_path) for name in names])

    def second() -> list[str]:
        seen = []
        for _ in range(8):
            lights.tick()
            seen.append("".join((tmp_path / n / "brightness").read_text() for n in names))
        return seen

    dark = second()
    lights.here()
    assert {*second()} == {"0" * len(names), "1" * len(names)}
    lights.watch(Condition(muted=True))
    muted = second()
    lights.watch(Condition())
    for _ in range(8):
        assert second() != dark
    assert second() == dark
    lights.watch(Condition(muted=True))
    assert second() == muted


async def test_a_restart_ends_the_room_in_order_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ordered from another thread, the turns end, all is stopped, and the caller learns why."""
    stopped = threading.Event()

    class Beside:
        def __init__(self, *_arguments: Any) -> None:
            self.orders = Orders(Events(), Board())  # type: ignore[arg-type]
            self.port, self.link = 0, None
            self.start, self.stop = (lambda: None), stopped.set

    monkeypatch.setattr(services, "Beside", Beside)
    monkeypatch.setattr(services, "Notifier", lambda: Notifier({"NOTIFY_SOCKET": "@nobody"}))
    monkeypatch.setattr(services, "wyoming_server", lambda *_: None)
    made: list[services.Service] = []
    begin = services.Service.__init__

    def keep(self: services.Service, room: Any) -> None:
        begin(self, room)
        made.append(self)

    monkeypatch.setattr(services.Service, "__init__", keep)
    monkeypatch.setattr(services, "Keeping", lambda *_: SimpleNamespace(watch=None, line=""))

    async def hear(_self: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(services.Service, "_hear_room", hear)
    room: Any = SimpleNamespace(shelf=SimpleNamespace(version=1), generator=None)
    ending = asyncio.create_task(services._until_told(room, None))
    await asyncio.sleep(0.05)
    act = made[0]._beside.orders.acts(fetch=print, report=print)[Verb.RESTART]
    await asyncio.to_thread(act)
    assert await asyncio.wait_for(ending, 10)
    assert stopped.is_set()


@pytest.mark.parametrize("again", [True, False])
def test_only_an_ordered_restart_ends_with_its_status(
    monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    """All files are closed before; a room that was stopped in the usual way ends with 0."""
    closed: list[bool] = []

    async def until_told(_room: object, _spool: object) -> bool:
        return again

    for name in ("signal", "gc"):
        monkeypatch.setattr(services, name, MagicMock())
    monkeypatch.setattr(services, "configure", lambda _level: None)
    monkeypatch.setattr(services, "_until_told", until_told)
    room = SimpleNamespace(close=lambda: closed.append(True))
    monkeypatch.setattr(services, "build_room", lambda *_: room)
    settings: Any = SimpleNamespace(log_level="INFO")
    if again:
        with pytest.raises(SystemExit) as ended:
            services.serve(settings, None)
        assert ended.value.code == services.RESTART_STATUS
    else:
        services.serve(settings, None)
    assert closed == [True]


def test_the_unit_starts_a_room_again_that_was_told_to_restart() -> None:
    """The status is no failure to systemd, and makes it start the room."""
    unit = Path(__file__).resolve().parents[2] / "systemd" / "voiceassist-appliance.service"
    lines = unit.read_text().splitlines()
    assert f"SuccessExitStatus={services.RESTART_STATUS}" in lines
    assert f"RestartForceExitStatus={services.RESTART_STATUS}" in lines
