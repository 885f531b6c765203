"""What the analytics room asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Trail(Protocol):
    """The audit trail, counted."""

    def routes(self) -> Mapping[str, int]:
        """How many turns took each route, over the whole trail."""
