"""The hub's figures for Prometheus. Nothing in them tells what was said or by whom."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_REASONS = ("items", "error", "time_out", "unavailable")  # there from the start, to see a first


class Metrics:
    """One application's figures; each has a registry of its own, so tests don't meet."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "voiceassist_hub_requests",
            "Answers by method, route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "voiceassist_hub_request_seconds",
            "Time to answer.",
            ("route",),
            registry=self._registry,
        )
        self._of = lru_cache(1000)(self._figures)  # looking a label up costs more than counting
        self._refusals = Counter(
            "voiceassist_hub_second_judge_refusals",
            "Queries that a room cleared and the second judge refused, by its first reason.",
            ("reason",),
            registry=self._registry,
        )
        for reason in _REASONS:
            self._refusals.labels(reason)

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answer, by its route's pattern: paths would make a series each."""
        route = getattr(scope.get("route"), "path", "unmatched")
        counter, histogram = self._of(scope["method"], route, status)
        counter.inc()
        histogram.observe(seconds)

    def _figures(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(method, route, str(status)), self._seconds.labels(route)

    def refused(self, reason: str) -> None:
        """Count a query that the second judge refused."""
        self._refusals.labels(reason).inc()

    def gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        """Show what `read` says whenever the figures are asked for."""
        Gauge(f"voiceassist_hub_{name}", about, registry=self._registry).set_function(read)

    def render(self) -> bytes:
        """The figures in Prometheus's text form."""
        return generate_latest(self._registry)
