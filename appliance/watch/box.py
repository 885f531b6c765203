"""How much memory the room takes, and how hot the box is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from appliance.rules.degrade import Load

_PAGE = 4096
_LEAST, _MOST = -40.0, 150.0  # a sensor that says else is broken


class Box:
    """Reads /proc and /sys below `root`: process `main`, what it started, and the sensors."""

    def __init__(self, bound_mb: int, main: int | None = None, root: Path = Path("/")) -> None:
        self._bound = bound_mb << 20
        self._main = main or os.getpid()
        self._root = root

    def load(self) -> Load:
        """Memory and temperature now."""
        used = sum(self._resident(process) for process in self._family(self._main))
        return Load(used / self._bound, self._celsius())

    def _family(self, process: int) -> list[int]:
        path = self._root / "proc" / str(process) / "task" / str(process) / "children"
        try:
            children = [int(one) for one in path.read_text(encoding="ascii").split()]
        except OSError:
            children = []
        return [process, *(one for child in children for one in self._family(child))]

    def _resident(self, process: int) -> int:
        try:
            text = (self._root / "proc" / str(process) / "statm").read_text(encoding="ascii")
        except OSError:
            return 0  # it has ended
        return int(text.split()[1]) * _PAGE

    def _celsius(self) -> float | None:
        found = []
        for sensor in (self._root / "sys/class/thermal").glob("thermal_zone*/temp"):
            with contextlib.suppress(OSError, ValueError):
                found.append(int(sensor.read_text(encoding="ascii")) / 1000)
        return max((one for one in found if _LEAST < one < _MOST), default=None)
