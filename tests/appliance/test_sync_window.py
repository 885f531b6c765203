from __future__ import annotations

import random

from appliance.sync.window import Patience, Window

PATIENCE = Patience(width=3, first_s=5.0, most_s=15.0)


def test_only_so_many_batches_fly() -> None:
    """The window closes at its width and opens with each acknowledgement."""
    window = Window(PATIENCE, 0)
    for last in (10, 20, 30):
        assert window.open(0.0)
        window.send(last, 0.0)
    assert not window.open(0.0)
    window.acknowledge(10, 1.0)
    assert window.open(0.0)
    assert window.sent == 30


def test_a_silent_hub_is_asked_with_one_batch_and_ever_more_rarely() -> None:
    """Each silence sends again from what was acknowledged, alone, after a wait that doubles."""
    window = Window(PATIENCE, 0)
    window.send(10, 0.0)
    window.send(20, 0.0)
    now, waits = 0.0, []
    for _ in range(4):
        begin = now
        while not window.overdue(now):
            now += 1.0
        waits.append(now - begin)
        window.give_up(0)
        assert (window.sent, window.open(0.0)) == (0, True)
        window.send(10, now)
        assert not window.open(0.0)
    assert waits == [5.0, 10.0, 15.0, 15.0]
    window.acknowledge(10, now)
    assert window.open(0.0)
    assert not window.silent
    window.send(20, now)
    assert not window.overdue(now + 4.0)
    assert window.overdue(now + 5.0)


def test_a_room_that_is_behind_sends_one_at_a_time_and_waits_as_told() -> None:
    """A small batch first; then whole ones, each after the hub's word and its wait."""
    window = Window(PATIENCE, 0)
    assert window.limit == 50
    window.send(50, 0.0, behind=True)
    assert not window.open(0.0)
    window.acknowledge(50, 1.0, wait_s=20.0)
    assert window.limit == 500
    assert [window.open(at) for at in (1.0, 20.9, 21.0)] == [False, False, True]
    window.send(550, 21.0, behind=False)
    assert window.open(21.0), "caught up: what is recorded now goes at once"
    window.acknowledge(550, 22.0, wait_s=20.0)
    assert window.open(22.0)
    window.send(600, 22.0, behind=True)
    window.acknowledge(600, 23.0, wait_s=1e9)
    assert window.open(623.0), "no hub can silence a room for good"


def test_nothing_on_its_way_is_never_overdue() -> None:
    """A room that owes nothing does not complain of the hub's silence."""
    window = Window(PATIENCE, 7)
    assert not window.overdue(1e9)


def test_a_hub_that_went_back_is_sent_everything_since() -> None:
    """An acknowledgement of less than before starts again from there."""
    window = Window(PATIENCE, 30)
    window.send(40, 0.0)
    window.acknowledge(12, 1.0)
    assert (window.sent, window.open(0.0)) == (12, True)


def test_whatever_is_lost_everything_arrives() -> None:
    """Over 300 seeded runs in which half of all messages vanish, all entries get there."""
    for seed in range(300):
        rng = random.Random(seed)
        window, hub, acked, now = Window(PATIENCE, 0), 0, 0, 0.0
        for _ in range(2000):
            now += 1.0
            if window.overdue(now):
                window.give_up(acked)
            if rng.random() < 0.05:
                window.restart(acked)
            while acked < 60 and window.open(0.0) and window.sent < 60:
                first, last = window.sent + 1, min(60, window.sent + rng.randrange(1, 9))
                window.send(last, now)
                if rng.random() < 0.5 and first <= hub + 1:
                    hub = max(hub, last)
                    if rng.random() < 0.5:
                        acked = hub
                        window.acknowledge(hub, now)
        assert acked == 60, f"seed {seed}"
