"""Figures."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RouteShare(BaseModel):
    """How many turns took a route, and which share of all turns that is, in per mille."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: str
    turns: int
    per_mille: int
