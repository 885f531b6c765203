"""What the analytics room asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from voiceassist.contract.canonical import Json


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the trail: when, of which box, how it ended, and its codes and durations."""

    wall_ms: int
    box: str
    outcome: str
    detail: Mapping[str, Json]


class Trail(Protocol):
    """The audit trail, counted."""

    def routes(self) -> Mapping[str, int]:
        """How many turns took each route, over the whole trail."""

    def events(self, action: str, since_ms: int, most: int) -> tuple[Sequence[Event], int]:
        """The newest entries of an action since a time, `most` of them, and how many there are."""


class Devices(Protocol):
    """The rooms."""

    def states(self) -> Mapping[str, tuple[int, str]]:
        """When each room was heard of (Unix ms, 0 never), and its status."""
