"""Boxes that are processes, each with a network interface of its own, on one bridge."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.enrol import accept_enrolment, request_enrolment
from tests.appliance.test_enrol import make_kit

ROOMS = ("north-1", "north-2", "north-3")
ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root"
    ),
]


@dataclass
class Box:
    """A process in a network namespace of its own."""

    room: str
    link: str
    process: subprocess.Popen[str]

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def told(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def others(self) -> list[str]:
        self.tell("others")
        return list(self.told()["others"])


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture(params=["239.255.86.1", "255.255.255.255"])
def boxes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Box]]:
    """Three boxes on one segment, which know each other; by multicast, and by broadcast."""
    with ExitStack() as undo:
        switch = f"va{os.getpid()}"
        ip("netns", "add", switch)
        undo.callback(ip, "netns", "del", switch)
        ip("-n", switch, "link", "add", "br0", "type", "bridge")
        ip("-n", switch, "link", "set", "br0", "up")
        some = []
        for number, room in enumerate(ROOMS):
            name, link = f"{switch}-{number}", f"port{number}"
            ip("netns", "add", name)
            undo.callback(ip, "netns", "del", name)
            ip("-n", switch, "link", "add", link, "type", "veth", "peer", "name", "lan0",
               "netns", name)  # fmt: skip
            ip("-n", switch, "link", "set", link, "master", "br0", "up")
            ip("-n", name, "addr", "add", f"10.9.0.{number + 1}/24", "dev", "lan0")
            ip("-n", name, "link", "set", "lan0", "up")
            ip("-n", name, "route", "add", "default", "dev", "lan0")
            some.append(Box(room, link, run(undo, name, enrolled(tmp_path, room), request.param)))
        wait_for(lambda: all(len(box.others()) == len(ROOMS) - 1 for box in some), 30)
        yield some


def enrolled(folder: Path, room: str) -> Path:
    request_enrolment(room, folder / room)
    accept_enrolment(make_kit(folder / room), folder / room)
    return folder / room


def run(undo: ExitStack, namespace: str, folder: Path, group: str) -> subprocess.Popen[str]:
    box = Path(__file__).with_name("peer_box.py")
    process = subprocess.Popen(
        ["ip", "netns", "exec", namespace, sys.executable, str(box), str(folder), group, "lan0"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    undo.enter_context(process)
    undo.callback(process.kill)
    return process


def wait_for(holds: Any, within_s: float) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends, "it never came to be"
        time.sleep(0.1)


def claim(boxes: list[Box], louds: tuple[int, ...]) -> list[bool]:
    """Who answers one wake word that all hear."""
    for box, loud in zip(boxes, louds, strict=True):
        box.tell(f"claim {loud}")
    answers = [bool(box.told()["ours"]) for box in boxes]
    time.sleep(0.7)  # the next is another word
    return answers


def test_processes_on_one_segment(boxes: list[Box]) -> None:
    """Ten words, each heard best by another box: that one answers; cut in two, one a side."""
    for number in range(10):
        louds = tuple(100 + 50 * (index == number % 3) for index in range(3))
        assert claim(boxes, louds) == [index == number % 3 for index in range(3)]
    switch = f"va{os.getpid()}"
    ip("-n", switch, "link", "set", boxes[2].link, "down")
    assert claim(boxes, (100, 200, 300)) == [False, True, True]
    ip("-n", switch, "link", "set", boxes[2].link, "up")
    wait_for(lambda: claim(boxes, (100, 200, 300)) == [False, False, True], 30)


def test_a_box_that_died_is_not_waited_for(boxes: list[Box]) -> None:
    """The others settle a word as before when the best box is gone."""
    boxes[1].process.kill()
    boxes[1].process.wait()
    assert claim([boxes[0], boxes[2]], (200, 100)) == [True, False]
