"""Turns by route."""

from __future__ import annotations

from hub.analytics.ports import Trail
from hub.analytics.schemas import RouteShare


class Analytics:
    """Figures for the administrator."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def routes(self) -> list[RouteShare]:
        """The routes that turns took, the most frequent first."""
        counts = self._trail.routes()
        total = sum(counts.values())
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [
            RouteShare(route=route, turns=turns, per_mille=round(1000 * turns / total))
            for route, turns in ordered
            if turns
        ]
