"""What the editions room asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.editions.schemas import ShelfPack


class Shelf(Protocol):
    """Where the packs come from."""

    def packs(self) -> Sequence[ShelfPack]:
        """One pack for each document that can be published now."""
