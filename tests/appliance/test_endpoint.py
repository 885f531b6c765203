from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.rules.endpoint import UNFINISHED_MS, Pace, patience_ms, unfinished


@pytest.mark.parametrize("said", ["stop", "Never mind.", "repeat that", "which source"])
def test_a_command_is_over_at_once(said: str) -> None:
    """Nobody waits for more behind a command."""
    assert patience_ms(said, 600, 200) == 200


@pytest.mark.parametrize(
    "said", ["what is the", "What is the dose of", "in a child is", "amoxicillin or", "um"]
)
def test_what_nobody_ends_with_is_waited_on(said: str) -> None:
    """A pause in the middle of a phrase is no end."""
    assert patience_ms(said, 600, 200) == 600 + UNFINISHED_MS


@pytest.mark.parametrize(
    "said",
    ["what is metformin used for", "what does warfarin interact with", "how do I take that", ""],
)
def test_a_whole_question_is_not_waited_on(said: str) -> None:
    """Questions that end in a preposition are whole, and unknown words change nothing."""
    assert not unfinished(said)
    assert patience_ms(said, 600, 200) == 600
    assert patience_ms(None, 600, 200) == 600


def test_a_slow_speaker_gets_longer_and_a_quick_one_less() -> None:
    """The pace follows the pauses that speech went on after, and is forgotten by and by."""
    pace = Pace.starting(600).after([520])
    assert pace.usual_ms == 770
    for _ in range(20):
        pace = pace.after([])
    assert 590 <= pace.usual_ms <= 610


def test_who_was_cut_off_is_heard_to_the_end() -> None:
    """Collected again, a gap that was taken for the end no longer is."""
    for gap in (600, 900, 1400):
        assert Pace.starting(600).cut_off(gap).usual_ms > gap


@given(st.lists(st.lists(st.integers(200, 5000), max_size=4), max_size=30))
def test_the_pace_stays_within_its_bounds(turns: list[list[int]]) -> None:
    """However one speaks, a question is ended neither hastily nor never."""
    pace = Pace.starting(600)
    for pauses in turns:
        pace = pace.after(pauses)
        assert pace.least_ms <= pace.usual_ms <= pace.most_ms
