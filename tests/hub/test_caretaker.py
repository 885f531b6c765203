from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.audit.schemas import Filters
from hub.caretaker import Caretaker
from hub.fleet.schemas import RoomView
from hub.settings import AuditSettings
from tests.hub.trail import Trail, batch, chain

HOUR_MS, YEAR_MS = 3_600_000, 31_557_600_000


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    yield made
    made.database.close()


def room(name: str, seen_ms: int, enrolled_ms: int = 0) -> RoomView:
    return RoomView(
        room=name, enrolled_ms=enrolled_ms, certificate_serial="1", seen_ms=seen_ms, state=None
    )


def test_a_silent_room_is_alarmed_for_once_a_day(trail: Trail) -> None:
    """From the hour that the settings say, not before; one just enrolled is given its time."""
    began = trail.clock.now
    rooms = [
        room("silent", began),
        room("new", 0, enrolled_ms=began + 30 * HOUR_MS),
        room("heard", began + 29 * HOUR_MS),
    ]
    settings = AuditSettings(silent_hours=24)
    caretaker = Caretaker(trail.service, lambda: rooms, settings, trail.clock.wall_ms)
    for hour, alarms in ((23, 0), (25, 1), (26, 1), (48, 1), (50, 2)):
        trail.clock.now = began + hour * HOUR_MS
        caretaker.listen()
        caretaker.listen()
        found, total = trail.service.search(Filters(outcome="silent_room"), 0, 9)
        assert total == alarms, hour
        assert {one.subject for one in found} <= {"silent"}


def test_entries_go_after_six_years_and_the_log_tells(trail: Trail) -> None:
    """What is younger stays; a pruning is an entry, and the log still verifies."""
    trail.ingest(batch(chain(300)))
    caretaker = Caretaker(trail.service, list, AuditSettings(), trail.clock.wall_ms)
    trail.clock.now += 6 * YEAR_MS - HOUR_MS
    caretaker.prune()
    assert trail.service.verify_all().pruned == 0
    trail.ingest(batch(chain(1, box="room-2")), "room-2")
    trail.clock.now += 7 * HOUR_MS
    for _ in range(3):
        caretaker.prune()
    report = trail.service.verify_all()
    assert (report.problem, report.pruned) == ("", 300)
    found, _ = trail.service.search(Filters(action="audit.pruned"), 0, 9)
    assert [one.detail["entries"] for one in found] == [300]
