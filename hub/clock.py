"""The machine's clocks, where the hub's parts are handed theirs."""

from __future__ import annotations

import time
from pathlib import Path

from voiceassist.timekeeping import synced

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class MachineClock:
    """Wall and monotonic time, both in milliseconds."""

    def wall_ms(self) -> int:
        """Unix time; may jump."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Since the machine's start; the same for every process on it."""
        return time.monotonic_ns() // 1_000_000

    def synced(self) -> bool:
        """Whether a time server sets the wall clock."""
        return synced()


def boot_id() -> str:
    """The name of this start of the machine."""
    return _BOOT_ID.read_text().strip()
