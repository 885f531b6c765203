from __future__ import annotations

import itertools

import pytest

from hub.audit.pace import Pace


def test_a_room_alone_hardly_waits() -> None:
    """Nobody else is behind: its next slot is when its last batch was done, or soon after."""
    pace = Pace(500)
    now = 100.0
    for _ in range(50):
        wait = pace.wait_s(now)
        assert wait < 0.02
        pace.took(500, 0.1)
        now += wait + 0.1


def test_rooms_that_come_at_once_get_slots_that_do_not_meet() -> None:
    """However clumped they ask, the batches will come one after another."""
    pace = Pace(500)
    for _ in range(100):
        pace.took(500, 0.2)
    slots = [5.0 + pace.wait_s(5.0) for _ in range(101)]
    gaps = [b - a for a, b in itertools.pairwise(slots)]
    assert slots[0] == 5.0
    assert min(gaps) > 0.2
    assert max(gaps) < 0.25


def test_slots_that_nobody_took_are_gone() -> None:
    """A hub that was idle gives the next slot at once."""
    pace = Pace(500)
    for _ in range(100):
        pace.wait_s(0.0)
    assert pace.wait_s(1000.0) == 0.0


def test_the_cost_follows_what_is_measured_on_large_batches() -> None:
    """A disk that becomes slow makes the slots longer; a small batch says nothing."""
    pace = Pace(500)
    for _ in range(100):
        pace.took(250, 0.2)
        pace.took(10, 9.0)
    pace.wait_s(0.0)
    assert pace.wait_s(0.0) == pytest.approx(0.4 * 1.15, rel=0.01)
