"""Whether this machine's wall clock can be believed."""

from __future__ import annotations

import ctypes
from functools import cache

_UNSYNCED = 0x0040  # STA_UNSYNC of adjtimex(2)
_STATUS_AT = 40  # of struct timex where `long` has 8 bytes, after modes and four of those
_TIMEX_BYTES = 512  # more than the structure has


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
