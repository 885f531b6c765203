"""Figures. Nothing in them tells what was said or by whom."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Figure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RouteShare(_Figure):
    """How many turns took a route, and which share of all turns that is, in per mille."""

    route: str
    turns: int
    per_mille: int


class Latency(_Figure):
    """Milliseconds: the middle one, and what 19 of 20 stay below; null without any."""

    turns: int
    p50_ms: int | None
    p95_ms: int | None


class DayFigures(_Figure):
    """One day (UTC, ISO 8601): turns, and how many were held, found nothing, were refused."""

    day: str
    turns: int
    held: int
    nothing_found: int
    refused: int


class DeviceFigures(_Figure):
    """One room in the window, and when it was last heard of (Unix milliseconds, 0 never)."""

    room: str
    turns: int
    seen_ms: int
    status: str


class Summary(_Figure):
    """The last `days` days.

    `counted` turns were looked at: the newest, where there are more than are looked at at once.
    `stages` has the latency of each stage that rooms tell of.
    """

    days: int
    turns: int
    counted: int
    by_day: tuple[DayFigures, ...]
    routes: tuple[RouteShare, ...]
    refusals: dict[str, int]
    latency: Latency
    stages: dict[str, Latency]
    devices: tuple[DeviceFigures, ...]
    escalations: dict[str, int]
