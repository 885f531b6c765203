"""What search asks of the rest of the hub."""

from __future__ import annotations

from typing import Protocol

from voiceassist.contract.knowledge import Passage
from voiceassist.knowledge.search.filters import Filters


class Published(Protocol):
    """The edition that the rooms have."""

    def find(self, query: str, limit: int, filters: Filters = ...) -> list[Passage]:
        """The best passages, best first; empty where no edition is published."""
