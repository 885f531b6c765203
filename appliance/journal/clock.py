"""This machine's clocks and the id of its current boot."""

from __future__ import annotations

import time
from pathlib import Path

from voiceassist.timekeeping import synced

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The kernel's clocks; the monotonic one counts suspended time too."""

    def wall_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds since the machine started."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def synced(self) -> bool:
        """Whether a time server sets the wall clock."""
        return synced()


def boot_id() -> str:
    """The kernel's id of this boot, 32 hexadecimal digits."""
    return _BOOT_ID.read_text().strip().replace("-", "")
