"""What a box that is hot or short of memory does without. Pure.

    level      memory of the bound   temperature    does without
    FULL       below 80%             below 85 °C
    EASED      from 80%              from 85 °C     the local language model's sentences
    STRAINED   from 92%              from 95 °C     beginning ahead at a pause, too

A level is left only once all has fallen a step below where it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How far the box is strained."""

    FULL = 0
    EASED = 1
    STRAINED = 2


@dataclass(frozen=True, slots=True)
class Load:
    """`memory` is the share of the bound, 0 to 1; `celsius` the hottest part, None if unknown."""

    memory: float
    celsius: float | None = None


_MEMORY = (0.80, 0.92)
_CELSIUS = (85.0, 95.0)
_LESS_MEMORY = 0.05
_COOLER = 5.0
_SAYS = {
    Level.FULL: "",
    Level.EASED: "the box is hot or short of memory; answers are quotations only",
    Level.STRAINED: "the box is very hot or short of memory; answers come later, too; cool it",
}


def level(before: Level, load: Load) -> Level:
    """The level now."""
    reached = _at(load, 0.0, 0.0)
    kept = _at(load, _LESS_MEMORY, _COOLER)
    return max(reached, min(before, kept))


def says(now: Level) -> str:
    """One line for a person; empty where nothing is done without."""
    return _SAYS[now]


def _at(load: Load, less_memory: float, cooler: float) -> Level:
    celsius = load.celsius if load.celsius is not None else -273.0
    reached = [
        load.memory >= memory - less_memory or celsius >= heat - cooler
        for memory, heat in zip(_MEMORY, _CELSIUS, strict=True)
    ]
    return Level(2 if reached[1] else int(reached[0]))
