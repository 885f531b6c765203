"""This machine's clocks, whether they can be believed, and the id of its current boot."""

from __future__ import annotations

import ctypes
import time
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_UNSYNCED = 0x0040  # STA_UNSYNC of adjtimex(2)
_STATUS_AT = 40  # of struct timex where `long` has 8 bytes, after modes and four of those
_TIMEX_BYTES = 512  # more than the structure has


class SystemClock:
    """The kernel's clocks, in milliseconds; the monotonic one counts suspended time too."""

    def wall_ms(self) -> int:
        """Unix time; may jump."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Since the machine started; the same for every process on it."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def synced(self) -> bool:
        """Whether a time server sets the wall clock."""
        return synced()


def boot_id() -> str:
    """The kernel's id of this boot, 32 hexadecimal digits."""
    return _BOOT_ID.read_text().strip().replace("-", "")


def synced() -> bool:
    """Whether the kernel holds its clock to be set by a time server; false where it can't tell."""
    adjtimex = _adjtimex()
    if adjtimex is None:
        return False
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes 0: only a question
    if adjtimex(asked) < 0:
        return False
    status = int.from_bytes(asked.raw[_STATUS_AT : _STATUS_AT + 4], "little")
    return not status & _UNSYNCED


@cache
def _adjtimex() -> ctypes._NamedFuncPointer | None:
    try:
        return ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
