from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.analytics.ports import Event
from hub.analytics.service import Analytics

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS + DAY_MS // 2


class Trail:
    def __init__(self, events: Mapping[str, Sequence[Event]]) -> None:
        self._events = events

    def routes(self) -> Mapping[str, int]:
        return {}

    def events(self, action: str, since_ms: int, most: int) -> tuple[Sequence[Event], int]:
        fit = [one for one in self._events.get(action, ()) if one.wall_ms >= since_ms]
        return fit[:most], len(fit)


class Devices:
    def states(self) -> Mapping[str, tuple[int, str]]:
        return {"exam-1": (5, "ready"), "exam-2": (0, "never seen")}


def _turn(days_ago: int, route: str, ms: int, **detail: Any) -> Event:
    known = {"route": route, "held": False, "found": True, "ms": {"stt": ms, "voice": 10}}
    outcome = detail.pop("outcome", "answered")
    return Event(NOW_MS - days_ago * DAY_MS, "exam-1", outcome, known | detail)


def test_the_summary_counts_what_the_trail_has() -> None:
    """Turns by day and route, refusals, latency by stage and whole, devices, escalations."""
    turns = [
        _turn(0, "room", 100),
        _turn(0, "room", 300, held=True),
        _turn(1, "hub", 200, found=False),
        _turn(1, "refuse", 50, outcome="refused"),
        _turn(7, "room", 999),
    ]
    typed = [
        Event(NOW_MS, "hub", "answered", {"route": "hub", "held": False, "ms": {"answer": 40}})
    ]
    sent = [Event(NOW_MS, "hub", outcome, {}) for outcome in ("sending", "answered")]
    trail = Trail({"turn.answered": turns, "chat.answered": typed, "escalation": sent})
    told = Analytics(trail, Devices(), lambda: NOW_MS).summary(7)
    assert (told.turns, told.counted) == (5, 5)
    assert [(one.turns, one.held, one.nothing_found, one.refused) for one in told.by_day] == [
        (2, 0, 1, 1),
        (3, 1, 0, 0),
    ]
    assert {one.route: one.turns for one in told.routes} == {"room": 2, "hub": 2, "refuse": 1}
    assert told.refusals == {"refused": 1}
    assert (told.latency.p50_ms, told.latency.p95_ms) == (110, 310)
    assert told.stages["stt"].p50_ms == 100
    assert [(one.room, one.turns, one.status) for one in told.devices] == [
        ("exam-1", 4, "ready"),
        ("exam-2", 0, "never seen"),
    ]
    assert told.escalations == {"sending": 1, "answered": 1}


def test_a_clinic_without_turns_has_figures_that_say_so() -> None:
    """Nothing is counted as nothing, not as zero milliseconds."""
    told = Analytics(Trail({}), Devices(), lambda: NOW_MS).summary(1)
    assert told.turns == 0
    assert told.latency.p50_ms is None
    assert told.by_day == ()


async def test_the_api_tells_it_to_those_who_look_after_the_clinic(hub: Any, fail: Any) -> None:
    """IT sees the figures; a clinician does not; a window that can't be is told."""
    headers = await hub.sign_in_as("it")
    answer = await hub.client.get("/api/v1/analytics/summary?days=30", headers=headers)
    assert answer.json()["data"]["days"] == 30
    bad = await hub.client.get("/api/v1/analytics/summary?days=91", headers=headers)
    fail(bad, 422, "VALIDATION_ERROR")
