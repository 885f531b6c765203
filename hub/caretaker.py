"""What the hub does about its audit trail beside taking it in: silent rooms, old entries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from hub.audit.service import AuditService
from hub.fleet.schemas import RoomView
from hub.ports import Clock
from hub.settings import AuditSettings

log = logging.getLogger(__name__)

_HOUR_MS = 3_600_000
_YEAR_MS = 31_557_600_000  # of 365.25 days
_SILENT_MS = 60_000
_PRUNE_MS = 6 * _HOUR_MS


class Caretaker:
    """Two chores for the keeper, each of which looks at the clock first."""

    def __init__(
        self,
        audit: AuditService,
        rooms: Callable[[], Sequence[RoomView]],
        settings: AuditSettings,
        now_ms: Clock,
    ) -> None:
        self._audit = audit
        self._rooms = rooms
        self._settings = settings
        self._now_ms = now_ms
        self._listened_ms = self._pruned_ms = 0

    def listen(self) -> None:
        """Alarm, once a day, for each room that has not been heard of for too long."""
        now_ms = self._now_ms()
        if abs(now_ms - self._listened_ms) < _SILENT_MS:
            return
        self._listened_ms = now_ms
        silent_ms = self._settings.silent_hours * _HOUR_MS
        for room in self._rooms():
            last_ms = max(room.seen_ms, room.enrolled_ms)
            if now_ms - last_ms > silent_ms:
                self._audit.alarm_once(
                    outcome="silent_room",
                    subject=room.room,
                    within_ms=24 * _HOUR_MS,
                    detail={"heard_ms": room.seen_ms},
                )

    def prune(self) -> None:
        """Delete what is older than it must be kept; the rest at the next look."""
        now_ms = self._now_ms()
        if abs(now_ms - self._pruned_ms) < _PRUNE_MS:
            return
        before_ms = now_ms - self._settings.keep_years * _YEAR_MS
        if not self._audit.prune(before_ms):
            self._pruned_ms = now_ms
