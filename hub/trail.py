"""The audit trail as the administrator's pages show it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from hub.audit.schemas import ALARM, EntryView, Filters
from hub.audit.service import AuditService
from hub.dashboard.schemas import Alarms, TrailLine, TrailState
from hub.desk import detail_text
from hub.ports import Clock

_GOOD_FOR_MS = 15_000  # verifying reads everything; pages refresh more often than that
_RECENT_MS = 7 * 24 * 3_600_000


class TrailDesk:
    """Shows the newest entries and whether all of them hold. Thread-safe."""

    def __init__(
        self, audit: AuditService, now_ms: Clock, names: Callable[[], Mapping[str, str]]
    ) -> None:
        self._audit = audit
        self._names = names
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._verified: tuple[int, TrailState] | None = None

    def state(self) -> TrailState:
        """Whether the trail holds, verified within the last seconds."""
        with self._lock:
            now_ms = self._now_ms()
            if self._verified is None or now_ms - self._verified[0] > _GOOD_FOR_MS:
                self._verified = now_ms, self._verify()
            return self._verified[1]

    def lines(self, offset: int, limit: int, *, alarms: bool) -> list[TrailLine]:
        """Entries, newest first; `alarms` leaves out all others."""
        wanted = Filters(action=ALARM) if alarms else Filters()
        found, _ = self._audit.search(wanted, offset, limit)
        names = self._names()
        return [_line(view, names) for view in found]

    def alarms(self) -> Alarms:
        """The alarms of the last seven days."""
        since_ms = max(0, self._now_ms() - _RECENT_MS)
        found, recent = self._audit.search(Filters(action=ALARM, since_ms=since_ms), 0, 1)
        return Alarms(recent, _line(found[0], self._names()) if found else None)

    def _verify(self) -> TrailState:
        report = self._audit.verify_all()
        return TrailState(report.ok, report.entries, len(report.chains), report.problem)


def _line(view: EntryView, names: Mapping[str, str]) -> TrailLine:
    return TrailLine(
        number=view.seq,
        when_ms=view.wall_ms,
        box=view.box,
        actor=names.get(view.actor, view.actor),
        action=view.action,
        outcome=view.outcome,
        subject=names.get(view.subject, view.subject),
        detail=detail_text(view.detail),
    )
