"""What this process and its children used, from Linux's /proc."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_PROC = Path("/proc")


def usage() -> dict[str, dict[str, float]]:
    """CPU seconds and peak resident megabytes of "room" (this process) and of its children."""
    found = {"room": _of(os.getpid())}
    for task in (_PROC / "self" / "task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that ended meanwhile
            for child in (task / "children").read_text().split():
                command = (_PROC / child / "cmdline").read_bytes()
                name = "voice" if b"piper_worker" in command else child
                found[name] = _of(int(child))
    return found


def _of(process: int) -> dict[str, float]:
    folder = _PROC / str(process)
    # the name, in parentheses, may hold spaces: the numbers follow the last one
    numbers = (folder / "stat").read_text().rpartition(")")[2].split()
    ticks = int(numbers[11]) + int(numbers[12])
    peak = next(
        int(line.split()[1])
        for line in (folder / "status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return {"cpu_s": ticks / os.sysconf("SC_CLK_TCK"), "peak_mb": round(peak / 1024, 1)}
