"""One life of a room under faults, all of it decided by a seed.

In each step the hub may do something, the clock goes on or jumps, the room may be killed,
lose power, run out of disk, find a file spoiled, and looks at the hub through a network that
lies; then `FaultyRoom.examine` must hold. At the end the faults stop, the hub publishes, and
one look must bring the room to the newest edition.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.bench.faults.disk import FaultyDisk, Killed, watched
from appliance.bench.faults.hub import VirtualHub
from appliance.bench.faults.network import FaultyNetwork
from appliance.bench.faults.room import Broken, FaultyRoom
from voiceassist.errors import VoiceAssistError

_START_S = 1_800_000_000
_DAY_S = 86_400
_JUMPS_S = (-20 * 365 * _DAY_S, -3600, 3600, 200 * _DAY_S, 10 * 365 * _DAY_S)
_JUMPS, _SPOILS, _BY_FILE, _CLAIMED = 0.15, 0.15, 0.07, 0.5  # chances in a step
_DISK = ("", "", "", "kill", "power", "power", "full", "sqlite full")
_RATES = (0.0, 0.1, 0.3, 0.6)


@dataclass
class Life:
    """What happened: steps, faults by kind, and why the room was at fault, if it was."""

    seed: int
    steps: int = 0
    failure: str = ""
    log: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


def live(seed: int, scratch: Path) -> Life:
    """The life of `seed`, in a folder of its own below `scratch`."""
    home = scratch / f"life-{seed}"
    shutil.rmtree(home, ignore_errors=True)
    life = Life(seed)
    try:
        _Simulation(seed, home, life).run()
    except Broken as error:
        life.failure = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a room raises that it should not
        life.failure = f"unforeseen {type(error).__name__}: {error}"
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return life


class _Simulation:
    def __init__(self, seed: int, home: Path, life: Life) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - a simulation
        self._life = life
        self._log = life.log
        self._true_s = _START_S
        self._jump_s = 0
        self._spoilt: set[str] = set()  # names of files
        root = home / "library"
        root.mkdir(parents=True)
        self._hub = VirtualHub(self._draw)
        self._disk = FaultyDisk(root, self._draw)
        self._network = FaultyNetwork(self._hub, self._draw, self._now_s, self._log)
        self._room = FaultyRoom(root, self._hub, self._network, self._now_s)

    def _now_s(self) -> int:
        return self._true_s + self._jump_s

    def run(self) -> None:
        try:
            for _ in range(self._draw.randrange(4, 11)):
                self._step()
            self._end()
        finally:
            self._room.close()
            self._life.faults = self._disk.faults + self._network.faults

    def _step(self) -> None:
        self._life.steps += 1
        self._true_s += self._draw.randrange(3 * _DAY_S)
        self._jump_s = self._draw.choice(_JUMPS_S) if self._draw.random() < _JUMPS else 0
        if self._jump_s:
            self._disk.faults["clock"] += 1
        self._network.rate = self._draw.choice(_RATES)
        self._log.append(f"hub: {self._hub_acts()}; clock {self._jump_s:+d} s")
        if self._draw.random() < _SPOILS:
            self._spoil()
        for _ in range(self._looks()):
            self._look()
        self._log.append(f"  serves {self._room.version}")

    def _looks(self) -> int:
        """How often the room looks: a hint may be lost, or come twice."""
        looks = self._draw.choice((0, 1, 1, 1, 1, 1, 2))
        self._disk.faults["hint lost"] += looks == 0
        self._disk.faults["hint twice"] += looks == 2  # noqa: PLR2004
        return looks

    def _look(self) -> None:
        there = {path.name.split("-")[1] for path in self._disk.root.glob("edition-*.sqlite")}
        by_file = self._hub.memory.newest > 0 and self._draw.random() < _BY_FILE
        fault, step = self._draw.choice(_DISK), self._draw.randrange(1, 60)
        self._disk.arm(fault, self._draw.randrange(8) if fault == "sqlite full" else step)
        self._log.append(f"  look, {by_file=}, disk: {fault or 'well'} at {step}")
        try:
            with watched(self._disk):
                self._life.steps += 1
                if by_file:
                    self._room.bring_by_file()
                self._room.check()
        except VoiceAssistError as error:
            self._log.append(f"  refused: {error}")
        except Killed:
            self._log.append("  died")
            self._disk.aftermath()
            with watched(self._disk):
                self._room.restart()
        self._disk.arm("", 0)
        self._room.examine(self._draw)
        library = self._room.serving
        new = library is not None and str(library.version) not in there
        if library and new and library.manifest.expired(self._now_s()):
            raise Broken(f"installed edition {library.version}, which has expired")

    def _hub_acts(self) -> str:
        if self._hub.memory.newest == 0:
            return self._publish()
        acts: dict[Callable[[], str], int] = {
            self._publish: 10,
            self._renew: 1,
            self._roll_back: 2,
            self._rotate: 2,
            self._back_up: 2,
            self._restore: 2,
            self._forget: 1,
            lambda: "nothing": 2,
        }
        (act,) = self._draw.choices(list(acts), list(acts.values()))
        return act()

    def _publish(self) -> str:
        edits = [self._hub.edit() for _ in range(self._draw.randrange(1, 4))]
        return f"{', '.join(edits)}, publish {self._hub.publish(self._true_s, claim=self._claim())}"

    def _renew(self) -> str:
        return f"renew as {self._hub.publish(self._true_s, claim=self._claim())}"

    def _roll_back(self) -> str:
        return f"roll back as {self._hub.roll_back(self._true_s, claim=self._claim())}"

    def _rotate(self) -> str:
        return f"rotate keys, publish {self._hub.rotate(self._true_s, claim=self._claim())}"

    def _back_up(self) -> str:
        self._hub.back_up()
        return "back up"

    def _restore(self) -> str:
        restored = self._hub.restore()
        self._disk.faults["hub restored"] += restored
        return f"restored: {restored}, newest {self._hub.memory.newest}"

    def _forget(self) -> str:
        self._hub.forget_lists()
        self._disk.faults["lists forgotten"] += 1
        return "forget lists"

    def _claim(self) -> int:
        """What the hub knows of the room's version: often nothing, after a restoration."""
        return self._room.version if self._draw.random() < _CLAIMED else 0

    def _spoil(self) -> None:
        """The room is off, and one of its files is not what it was."""
        root = self._disk.root
        found = [path for path in sorted(root.iterdir()) if path.is_file() and path.stat().st_size]
        if not found:
            return
        path = self._draw.choice(found)
        self._disk.settle()
        how = self._disk.damage(path)
        self._disk.settle()
        self._log.append(f"  damaged: {path.name} {how}")
        self._spoilt.add(path.name)
        if path.name.startswith(f"edition-{self._room.floor}-"):
            whole = [p.name for p in found if p.suffix == ".sqlite" and p.name not in self._spoilt]
            versions = [int(name.split("-")[1]) for name in whole]
            self._room.floor = max((v for v in versions if v < self._room.floor), default=0)
        if path.name == "keys.json":
            self._room.keys_floor = 1
        self._room.restart()
        self._room.examine(self._draw)

    def _end(self) -> None:
        self._network.rate, self._jump_s = 0.0, 0
        self._true_s += 3600
        self._hub.edit()
        newest = self._hub.publish(self._true_s, claim=self._room.highest)
        self._log.append(f"end: publish {newest}")
        try:
            self._room.check()
        except VoiceAssistError as error:
            raise Broken(f"refuses what the hub published: {error}") from error
        self._room.examine(self._draw)
        if self._room.version != newest:
            raise Broken(f"still serves {self._room.version}, not {newest}")
        self._room.restart()
        self._room.examine(self._draw)


def scratch_parent() -> Path | None:
    """Where files are in memory, so that a life takes milliseconds; None where that is not."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None
