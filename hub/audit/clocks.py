"""Whether a box's clocks can be believed. Pure; milliseconds.

An entry is taken whatever its clock says: what it recorded happened. But the clock's owner can
date entries as he likes, so what the clocks contradict is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from voiceassist.contract.ledger import Entry

_SLIP_MS = 60_000  # the wall clock may run off the monotonic one by so much between two entries
_AHEAD_MS = 300_000
_DRIFT = 0.001  # and by so much of the time between them


def jump(before: Entry | None, entries: Iterable[Entry]) -> str:
    """What the first jump of the wall clock is, in words; empty where there is none.

    A clock that a time server sets for the first time may jump.
    """
    for entry in entries:
        if before is not None and (before.synced or not entry.synced):
            gone = entry.wall_ms - before.wall_ms
            if entry.boot == before.boot:
                real = entry.mono_ms - before.mono_ms
                off = gone - real
                if abs(off) > _SLIP_MS + real * _DRIFT:
                    return f"the clock jumped by {off // 1000} s at entry {entry.seq}"
            elif gone < -_SLIP_MS:
                return f"the clock went back by {-gone // 1000} s at entry {entry.seq}"
        before = entry
    return ""


def ahead(last: Entry, now_ms: int) -> str:
    """By how much an entry is dated ahead of the hub's clock; empty where it is not."""
    by_ms = last.wall_ms - now_ms
    if by_ms <= _AHEAD_MS:
        return ""
    return f"entry {last.seq} is dated {by_ms // 1000} s ahead of the hub's clock"
