"""Turns, routes, latency, refusals and devices, counted from the audit trail."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hub.analytics.ports import Devices, Event, Trail
from hub.analytics.schemas import (
    DayFigures,
    DeviceFigures,
    Latency,
    RouteShare,
    Summary,
)
from hub.ports import Clock
from voiceassist.contract.ledger import TURN

_MOST = 10_000
_DAY_MS = 86_400_000
_CHAT_TURN, _ESCALATION = "chat.answered", "escalation"


class Analytics:
    """Figures for administrators."""

    def __init__(self, trail: Trail, devices: Devices, clock: Clock) -> None:
        self._trail = trail
        self._devices = devices
        self._clock = clock

    def routes(self) -> list[RouteShare]:
        """The routes that turns took, the most frequent first."""
        return shares(self._trail.routes())

    def summary(self, days: int) -> Summary:
        """The last `days` days, today (UTC) among them."""
        since_ms = (self._clock() // _DAY_MS - days + 1) * _DAY_MS
        spoken, turns = self._trail.events(TURN, since_ms, _MOST)
        typed, more = self._trail.events(_CHAT_TURN, since_ms, _MOST)
        sent, _ = self._trail.events(_ESCALATION, since_ms, _MOST)
        events = [*spoken, *typed]
        return Summary(
            days=days,
            turns=turns + more,
            counted=len(events),
            by_day=tuple(_by_day(events)),
            routes=tuple(shares(Counter(str(one.detail.get("route", "")) for one in events))),
            refusals=dict(Counter(one.outcome for one in events if _refused(one))),
            latency=_latency(_durations(events)),
            stages=_stages(events),
            devices=tuple(self._device_figures(spoken)),
            escalations=dict(Counter(one.outcome for one in sent)),
        )

    def _device_figures(self, spoken: Sequence[Event]) -> Iterable[DeviceFigures]:
        turns = Counter(one.box for one in spoken)
        for room, (seen_ms, status) in sorted(self._devices.states().items()):
            yield DeviceFigures(room=room, turns=turns[room], seen_ms=seen_ms, status=status)


def shares(counts: Mapping[str, int]) -> list[RouteShare]:
    """Each route's share, the most frequent first."""
    total = sum(counts.values())
    return [
        RouteShare(route=route, turns=turns, per_mille=round(1000 * turns / total))
        for route, turns in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if turns
    ]


def _by_day(events: Sequence[Event]) -> Iterable[DayFigures]:
    days: dict[str, list[Event]] = {}
    for one in events:
        day = dt.datetime.fromtimestamp(one.wall_ms / 1000, dt.UTC).date().isoformat()
        days.setdefault(day, []).append(one)
    for day, those in sorted(days.items()):
        yield DayFigures(
            day=day,
            turns=len(those),
            held=sum(one.detail.get("held") is True for one in those),
            nothing_found=sum(one.detail.get("found") is False for one in those),
            refused=sum(map(_refused, those)),
        )


def _refused(event: Event) -> bool:
    return event.detail.get("route") == "refuse" or event.outcome in {"refused", "failed"}


def _timings(event: Event) -> Mapping[str, object]:
    told = event.detail.get("ms")
    return told if isinstance(told, dict) else {}


def _durations(events: Sequence[Event]) -> Iterable[int]:
    for one in events:
        spent = [ms for ms in _timings(one).values() if isinstance(ms, int)]
        if spent:
            yield sum(spent)


def _stages(events: Sequence[Event]) -> dict[str, Latency]:
    stages: dict[str, list[int]] = {}
    for one in events:
        for name, ms in _timings(one).items():
            if isinstance(ms, int):
                stages.setdefault(name, []).append(ms)
    return {name: _latency(those) for name, those in sorted(stages.items())}


def _latency(durations: Iterable[int]) -> Latency:
    ordered = sorted(durations)
    return Latency(
        turns=len(ordered), p50_ms=_quantile(ordered, 0.5), p95_ms=_quantile(ordered, 0.95)
    )


def _quantile(ordered: Sequence[int], share: float) -> int | None:
    """The nearest-rank quantile."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
