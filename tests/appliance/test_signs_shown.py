"""Tones, lights and buttons: what a room shows without a page, and what can be pressed."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from appliance.adapters.buttons import Buttons
from appliance.adapters.lights import Led, Lights
from appliance.adapters.tones import Tones, made
from appliance.events import Condition, Left, Listened, Over, Woke
from appliance.rules.signs import Tone
from appliance.turn import TurnRecord

RATE = 22_050


@pytest.mark.parametrize("which", list(Tone))
def test_a_tone_is_short_quiet_and_without_a_click(which: Tone) -> None:
    """Under 0.2 s, 20 dB below full scale, silent at both ends."""
    samples = made(which, RATE).astype(int)
    assert len(samples) / RATE <= 0.2
    assert abs(np.abs(samples).max() - 3277) < 40
    assert abs(samples[0]) < 40
    assert abs(samples[-1]) < 40


def test_tones_differ() -> None:
    """No two tones are the same."""
    assert len({made(which, RATE).tobytes() for which in Tone}) == len(Tone)


def test_tones_tell_what_nobody_says() -> None:
    """Being heard, silence, muting and failing have a tone; an answer speaks for itself."""
    tones = Tones(RATE)
    silent = Over("a", TurnRecord("a", woke=True, why="silence"))
    answered = Over("b", TurnRecord("b", woke=True, route="room", why="held"))
    told = [
        tones.due(event)
        for event in (
            Woke("a", 0, 1.0), silent, Woke("b", 0, 1.0), Listened("b", 0, 9), answered,
            Condition(muted=True), Condition(), Woke("c", 0, 1.0), Left("c", "elsewhere"),
            Woke("d", 0, 1.0), Over("d", None, "X", "failed"),
        )
    ]  # fmt: skip
    names = [
        next((one.name for one in Tone if np.array_equal(made(one, RATE), tone)), "")
        if tone is not None else ""
        for tone in told
    ]  # fmt: skip
    assert names == [
        "LISTENING", "CLOSED", "LISTENING", "", "", "MUTED", "UNMUTED", "LISTENING", "",
        "LISTENING", "FAILED",
    ]  # fmt: skip


def led(root: Path, name: str) -> Path:
    (root / name).mkdir(parents=True)
    (root / name / "max_brightness").write_text("255\n")
    (root / name / "brightness").write_text("0\n")
    return root / name / "brightness"


def shown(lights: Lights, *leds: Path) -> list[tuple[bool, ...]]:
    """Which are lit, through a second."""
    seen = []
    for _ in range(8):
        lights.tick()
        seen.append(tuple(one.read_text().strip() not in {"", "0"} for one in leds))
    return seen


def test_one_light_tells_phases_apart(tmp_path: Path) -> None:
    """Dark, steady and blinking: each phase has a pattern of its own; at the end it is dark."""
    path = led(tmp_path, "status")
    lights = Lights([Led("status", tmp_path)])
    patterns = []
    for event in (
        Condition(), Woke("a", 0, 1.0), Listened("a", 0, 9), Over("a", None),
        Condition(muted=True),
    ):  # fmt: skip
        lights.watch(event)
        patterns.append(tuple(shown(lights, path)))
    assert len(set(patterns)) == 5
    assert set(patterns[0]) == {(False,)}
    assert set(patterns[1]) == {(True,)}
    lights.stop()
    assert path.read_text() == "0"


def test_three_lights_make_colours(tmp_path: Path) -> None:
    """Muted is red and stands still, a failure is red and blinks."""
    paths = [led(tmp_path, name) for name in ("r", "g", "b")]
    lights = Lights([Led(name, tmp_path) for name in ("r", "g", "b")])
    lights.watch(Condition(muted=True))
    assert set(shown(lights, *paths)) == {(True, False, False)}
    lights.watch(Condition())
    lights.watch(Woke("a", 0, 1.0))
    lights.watch(Over("a", None))
    assert set(shown(lights, *paths)) == {(True, False, False), (False, False, False)}


def test_a_light_that_is_away_is_a_line_and_no_failure(tmp_path: Path) -> None:
    """The name is told; when it comes back it is set."""
    lights = Lights([Led("status", tmp_path)])
    lights.watch(Woke("a", 0, 1.0))
    lights.tick()
    assert "status" in lights.problem
    path = led(tmp_path, "status")
    lights.tick()
    assert path.read_text() == "255"
    assert lights.problem == ""


class Pedal:
    """A device of the kernel's: a name in sysfs, a pipe in /dev/input."""

    def __init__(self, root: Path, number: int, name: str) -> None:
        folder = root / f"sys/class/input/event{number}/device"
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        (root / "dev/input").mkdir(parents=True, exist_ok=True)
        self.path = root / f"dev/input/event{number}"
        os.mkfifo(self.path)
        self._end: int | None = None

    def press(self, code: int, value: int, kind: int = 1) -> None:
        if self._end is None:
            for _ in range(100):
                try:
                    self._end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
                    break
                except OSError:
                    time.sleep(0.05)
        assert self._end is not None
        os.write(self._end, struct.pack("llHHi", 0, 0, kind, code, value))

    def close(self) -> None:
        if self._end is not None:
            os.close(self._end)


def eventually(pressed: list[object], count: int) -> None:
    for _ in range(100):
        if len(pressed) >= count:
            return
        time.sleep(0.05)


@pytest.mark.slow
def test_a_pedal_presses_and_lets_go(tmp_path: Path) -> None:
    """The device of that name acts by its keys; repeats, other keys and other devices don't."""
    Pedal(tmp_path, 0, "Some keyboard")
    pedal = Pedal(tmp_path, 1, "Foot pedal")
    pressed: list[object] = []
    buttons = Buttons(
        "Foot pedal",
        {57: lambda down: pressed.append(("talk", down)), 30: pressed.append},
        tmp_path,
    )
    buttons.start()
    for code, value, kind in (
        (57, 1, 1),
        (57, 2, 1),
        (99, 1, 1),
        (57, 1, 4),
        (57, 0, 1),
        (30, 1, 1),
    ):
        pedal.press(code, value, kind)
    eventually(pressed, 3)
    assert pressed == [("talk", True), ("talk", False), True]
    pedal.close()
    buttons.stop()


@pytest.mark.slow
def test_a_pedal_that_comes_later_is_found(tmp_path: Path) -> None:
    """What is not there is a line for a person, until it is plugged in."""
    pressed: list[object] = []
    buttons = Buttons("Foot pedal", {57: pressed.append}, tmp_path)
    buttons.start()
    for _ in range(40):
        if buttons.problem:
            break
        time.sleep(0.05)
    assert "Foot pedal" in buttons.problem
    pedal = Pedal(tmp_path, 3, "Foot pedal")
    pedal.press(57, 1)
    eventually(pressed, 1)
    assert pressed == [True]
    assert buttons.problem == ""
    pedal.close()
    buttons.stop()
