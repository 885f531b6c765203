from __future__ import annotations

from collections.abc import Sequence

import pytest

from appliance.rules.barge import (
    Begun,
    Ended,
    Event,
    Outcome,
    Overheard,
    Overhearing,
    Paused,
    Talk,
    outcome,
)
from voiceassist.contract.speech import Transcript

FRAME = 512
SAYING = "The maximum daily dose of acetaminophen in a healthy adult is four grams."


def heard(probabilities: Sequence[float], floor: int = 0) -> list[tuple[int, Event]]:
    over = Overheard(Overhearing(), floor)
    told = []
    for at, probability in enumerate(probabilities):
        event = over.feed(floor + at * FRAME, FRAME, probability)
        if event is not None:
            told.append((at, event))
    return told


def test_speech_is_told_within_a_tenth_of_a_second() -> None:
    """A reply can be silent 200 ms after somebody begins to speak."""
    ((at, event), *_rest) = heard([0.0] * 10 + [0.9] * 10)
    assert isinstance(event, Begun)
    assert (at + 1 - 10) * FRAME / 16_000 <= 0.1


def test_a_click_is_not_speech() -> None:
    """Two frames above the threshold pause nothing."""
    assert heard([0.0] * 10 + [0.95] * 2 + [0.0] * 20) == []


def test_a_short_word_has_a_beginning_and_an_end() -> None:
    """A "stop" is told with its place, lead included, at its first pause and when it is over."""
    told = heard([0.0] * 20 + [0.9] * 10 + [0.1] * 20)
    (_, begun), (paused_at, paused), (at, ended) = told
    assert isinstance(begun, Begun)
    assert isinstance(ended, Ended)
    assert paused == Paused(ended.start, ended.end)
    assert (paused_at - 30) * FRAME / 16_000 <= 0.15
    assert ended.start == begun.start <= 20 * FRAME
    assert ended.end == 30 * FRAME
    assert (at - 30) * FRAME / 16_000 <= 0.4


def test_each_pause_is_told_once() -> None:
    """What is recognised at one is no longer all of it once more was said."""
    told = [event for _, event in heard([0.9] * 10 + [0.1] * 6 + [0.9] * 10 + [0.1] * 20)]
    assert [type(event) for event in told] == [Begun, Paused, Paused, Ended]


def test_talk_that_goes_on_is_told_once() -> None:
    """Who talks on and on gives no command; nothing is told after that."""
    told = [event for _, event in heard([0.9] * 300)]
    assert [type(event) for event in told] == [Begun, Talk]


def test_nothing_before_the_floor_counts() -> None:
    """The lead never reaches back into the question that was answered."""
    ((_, event), *_rest) = heard([0.9] * 10, floor=50 * FRAME)
    assert event == Begun(50 * FRAME)


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("Stop.", Outcome.OBEY),
        ("Never mind!", Outcome.OBEY),
        ("Which source was that?", Outcome.OBEY),
        ("Louder, please.", Outcome.ADJUST),
        ("slower", Outcome.ADJUST),
        ("Okay.", Outcome.RESUME),
        ("Mm-hmm.", Outcome.RESUME),
        ("", Outcome.RESUME),
        ("daily dose of acetaminophen", Outcome.RESUME),
        ("Take your shirt off and lie down.", Outcome.END),
        ("What about in children?", Outcome.END),
    ],
)
def test_what_was_said_over_a_reply_decides(said: str, becomes: Outcome) -> None:
    """Commands are obeyed, talk ends the reply, fillers and the room's own echo don't."""
    assert outcome(Transcript(said, confidence=0.8), SAYING) is becomes


def test_what_was_hardly_heard_decides_nothing() -> None:
    """A noise that the recogniser makes a word of lets the reply go on."""
    assert outcome(Transcript("Stop.", confidence=0.1), SAYING) is Outcome.RESUME
    assert outcome(Transcript("Stop.", 0.9, no_speech=0.9), SAYING) is Outcome.RESUME
