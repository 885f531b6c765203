"""Which of several boxes answers: the rule by itself, and zones of boxes on virtual time."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.bench.peers import TROUBLES, summary
from appliance.bench.zones import Trouble, calls
from appliance.rules.arbiter import Bid, Contest, Rules, State
from appliance.rules.loudness import loudness

RULES = Rules()
OWN = Bid("b", "b" * 16, 200, 950, heard=10.0)
BETTER = Bid("a", "a" * 16, 201, 900, heard=10.1)
WORSE = Bid("c", "c" * 16, 199, 999, heard=9.9)


def contest(state: State = State.OPEN) -> Contest:
    return Contest(OWN, 10.05, RULES, state)


@pytest.mark.parametrize(
    ("state", "bid", "taken", "then", "again"),
    [
        (State.OPEN, BETTER, False, State.LOST, False),
        (State.OPEN, BETTER, True, State.LOST, False),
        (State.OPEN, WORSE, False, State.OPEN, True),
        (State.OPEN, WORSE, True, State.LOST, False),
        (State.WON, BETTER, False, State.WON, True),
        (State.WON, BETTER, True, State.WON, False),
        (State.WON, WORSE, False, State.WON, True),
        (State.LOST, WORSE, False, State.LOST, False),
        (State.LOST, BETTER, True, State.LOST, False),
    ],
)
def test_the_table(state: State, bid: Bid, taken: bool, then: State, again: bool) -> None:  # noqa: FBT001
    """Each state and bid leads where the table in the module says."""
    heard = Bid(bid.room, bid.call, bid.loud, bid.score, bid.heard, taken)
    after, tell = contest(state).after_bid(heard)
    assert (after.state, tell) == (then, again)


def test_time_decides_for_who_is_left() -> None:
    """An open contest is won when it is due, not before, and a lost one never."""
    assert contest().after_time(10.499).state is State.OPEN
    assert contest().after_time(10.5).state is State.WON
    assert contest(State.LOST).after_time(99).state is State.LOST
    late = Contest(OWN, 11.0, RULES)
    assert late.after_time(11.2).state is State.OPEN
    assert late.after_time(11.25).own.taken


def test_another_wake_word_is_another_contest() -> None:
    """A better bid for a word that was heard 0.6 s before or after changes nothing."""
    for heard in (9.39, 10.61):
        other = Bid("a", "a" * 16, 900, 999, heard, taken=True)
        assert contest().after_bid(other) == (contest(), False)


def test_two_winners_are_noticed() -> None:
    """Where lost datagrams made two boxes win, that is counted."""
    won, _ = contest().at_once().after_bid(Bid("a", "a" * 16, 1, 1, 10.0, taken=True))
    assert won.split
    assert won.state is State.WON


bids = st.builds(
    Bid, st.sampled_from("abc"), st.text("0123456789abcdef", min_size=16, max_size=16),
    st.integers(-3, 3), st.integers(0, 2), st.just(0.0),
)  # fmt: skip


@given(st.lists(bids, min_size=2, max_size=5, unique_by=lambda bid: (bid.room, bid.call)))
def test_the_order_is_total(some: list[Bid]) -> None:
    """Of any bids exactly one beats all others, so all boxes name the same."""
    best = [one for one in some if all(one.beats(other) for other in some if other is not one)]
    assert len(best) == 1
    assert not any(other.beats(best[0]) for other in some)


def answers(
    offsets: list[float],
    lags: list[float],
    louds: list[int],
    delays: list[float],
    twice: list[bool],
) -> tuple[int, int]:
    """How many of the boxes win, and how many have not decided, whatever order bids come in."""
    boxes = len(offsets)
    delay, double = itertools.cycle(delays), itertools.cycle(twice)
    number = itertools.count()
    queue: list[tuple[float, int, int, Bid | None]] = []
    states: list[Contest | None] = [None] * boxes

    def tell(sender: int, now: float) -> None:
        own = states[sender]
        assert own is not None
        for index in range(boxes):
            for _ in range(0 if index == sender else 2 if next(double) else 1):
                heapq.heappush(queue, (now + next(delay), next(number), index, own.own))

    for index in range(boxes):
        heapq.heappush(queue, (offsets[index] + lags[index], next(number), index, None))
    early: list[list[Bid]] = [[] for _ in range(boxes)]
    while queue:
        now, _, index, bid = heapq.heappop(queue)
        before = states[index]
        if before is None:
            if bid is not None:
                early[index].append(bid)
                continue
            own = Bid(f"r{index}", f"{index:016x}", louds[index], 950, offsets[index])
            before = states[index] = Contest(own, now, RULES)
            heapq.heappush(queue, (before.due, next(number), index, None))
            tell(index, now)
            for one in early[index]:
                states[index], _again = states[index].after_bid(one)  # type: ignore[union-attr]
            continue
        after, again = before.after_bid(bid) if bid else (before.after_time(now), False)
        states[index] = after
        if again or (after.state is State.WON and before.state is State.OPEN):
            tell(index, now)
    held = [one.state for one in states if one]
    return held.count(State.WON), held.count(State.OPEN)


@settings(max_examples=200)
@given(st.data(), st.integers(1, 5))
def test_exactly_one_answers(data: st.DataObject, boxes: int) -> None:
    """With no loss and delays below the bound, whatever order, doubles and lag: one answers."""
    each = {"min_size": boxes, "max_size": boxes}
    won, undecided = answers(
        data.draw(st.lists(st.floats(0, 0.59), **each)),
        data.draw(st.lists(st.floats(0, 2), **each)),
        data.draw(st.lists(st.integers(0, 3), **each)),
        data.draw(st.lists(st.floats(0, RULES.answer_s / 2 - 0.001), min_size=1, max_size=40)),
        data.draw(st.lists(st.booleans(), min_size=1, max_size=7)),
    )
    assert (won, undecided) == (1, 0)


@pytest.mark.parametrize("boxes", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["steady", "loss_1_percent", "network_cut_in_two"])
def test_one_of_each_zone_answers(boxes: int, name: str) -> None:
    """With drift, doubles, delays and few losses one box answers, in a cut network one a side."""
    figures = summary(calls(boxes, 100, TROUBLES[name], seed=boxes))
    assert figures["exactly_one"] == 1.0
    assert figures["unsettled"] == 0
    assert figures["decides_ms_p95"] <= 1000 * RULES.window_s


@pytest.mark.parametrize("boxes", [2, 5])
def test_never_none(boxes: int) -> None:
    """However much is lost, somebody answers."""
    figures = summary(calls(boxes, 100, Trouble(loss=0.7), seed=7))
    assert figures["none"] == 0
    assert figures["more"] > 0, "the promise would hold for nothing"


def test_a_crash_hangs_nobody() -> None:
    """Where the box that would answer dies, the others come to a verdict all the same."""
    taken = list(calls(4, 100, Trouble(crash=True), seed=3))
    assert not sum(call.open for call in taken)
    assert sum(len(call.answers) for call in taken) > 0
    assert all(len(call.answers) <= 2 for call in taken)


def test_a_lone_box_does_not_wait() -> None:
    """Where nobody else is there the call is settled at once."""
    assert summary(calls(1, 40, Trouble(), seed=1))["decides_ms_p95"] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("boxes", [2, 3, 4, 5])
def test_tens_of_thousands_of_calls(boxes: int) -> None:
    """Over 10,000 calls without loss exactly one box answers each."""
    figures = summary(calls(boxes, 10_000, Trouble(), seed=99))
    assert (figures["exactly_one"], figures["unsettled"]) == (1.0, 0)


def spoken(gain: float, noise: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]:
    dice = np.random.default_rng(5)
    wave = dice.normal(0, noise, 56_000)
    word = np.sin(np.arange(11_000) / 9) * gain
    wave[40_000:51_000] += word
    return (wave * 32767).clip(-32768, 32767).astype(np.int16), 51_500


def test_the_nearer_box_is_the_louder_one() -> None:
    """Half as loud is 6 dB less, in noise as in silence, and noise alone is none of it."""
    near, far = loudness(*spoken(0.2, 0.01)), loudness(*spoken(0.1, 0.01))
    assert near - far == pytest.approx(60, abs=8)
    near, far = loudness(*spoken(0.2, 0.0)), loudness(*spoken(0.1, 0.0))
    assert near - far == pytest.approx(60, abs=8)
    assert loudness(*spoken(0.0, 0.02)) == pytest.approx(0, abs=15)


def test_a_slammed_door_before_the_word_changes_little() -> None:
    """One loud sound before the word does not count as the room's noise."""
    samples, end = spoken(0.2, 0.01)
    quiet = loudness(samples, end)
    samples[10_000:12_000] = 20_000
    assert abs(loudness(samples, end) - quiet) < 10


@pytest.mark.parametrize("length", [0, 100, 12_000])
def test_too_little_sound_is_no_error(length: int) -> None:
    """A word at the stream's very beginning is as loud as nothing, and no failure."""
    assert loudness(np.full(length, 1000, np.int16), length) == 0
