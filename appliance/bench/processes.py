"""What processes used, from Linux's /proc."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds so far; megabytes now, shared ones by this process's share of them."""

    cpu_s: float
    resident_mb: float
    memory_mb: float


def usage() -> dict[str, dict[str, float]]:
    """CPU seconds and peak resident megabytes of "room" (this process) and of its children."""
    found = {"room": _of(os.getpid())}
    for child in _children(os.getpid()):
        with contextlib.suppress(OSError):  # a process that ended meanwhile
            name = _name(child)
            found["voice" if name == "voice" else str(child)] = _of(child)
    return found


def family(process: int) -> dict[str, Used]:
    """`process`, "room", and all that descend from it, by what they do."""
    found: dict[str, Used] = {}
    seen = Counter[str]()
    for one in _descendants(process):
        with contextlib.suppress(OSError):
            name = "room" if one == process else _name(one)
            seen[name] += 1
            label = name if seen[name] == 1 else f"{name} {seen[name]}"
            found[label] = _used(one)
    return found


def _descendants(process: int) -> list[int]:
    return [process, *(one for child in _children(process) for one in _descendants(child))]


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in (_PROC / str(process) / "task").iterdir():
            with contextlib.suppress(OSError):  # a thread that ended meanwhile
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _name(process: int) -> str:
    command = (_PROC / str(process) / "cmdline").read_bytes()
    if b"piper_worker" in command:
        return "voice"
    if b"sound.child" in command:
        return "microphone" if b'"capture": true' in command else "speaker"
    return Path(command.split(b"\0")[0].decode(errors="replace")).name or "process"


def _used(process: int) -> Used:
    folder = _PROC / str(process)
    kilobytes = {
        line.split(":")[0]: int(line.split()[1])
        for line in (folder / "smaps_rollup").read_text().splitlines()[1:]
    }
    return Used(
        cpu_s=_cpu_s(process),
        resident_mb=round(kilobytes["Rss"] / 1024, 1),
        memory_mb=round(kilobytes["Pss"] / 1024, 1),
    )


def _of(process: int) -> dict[str, float]:
    status = (_PROC / str(process) / "status").read_text()
    peak = next(int(one.split()[1]) for one in status.splitlines() if one.startswith("VmHWM"))
    return {"cpu_s": _cpu_s(process), "peak_mb": round(peak / 1024, 1)}


def _cpu_s(process: int) -> float:
    # the name, in parentheses, may hold spaces: the numbers follow the last one
    numbers = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
