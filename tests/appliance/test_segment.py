from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from appliance.rules.segment import End, Event, Pause, Segmentation, Segments

WINDOW = 512
RULES = Segmentation()
PROBABILITIES = st.lists(
    st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=1200
)


def follow(probabilities: list[float], wake: int, rules: Segmentation = RULES) -> list[Event]:
    """All events of a stream, the last one an `End`."""
    segments = Segments(rules, wake)
    events: list[Event] = []
    for index, probability in enumerate(probabilities):
        event = segments.feed(index * WINDOW, WINDOW, probability)
        if event is not None:
            events.append(event)
        if isinstance(event, End):
            return events
    return [*events, segments.finish()]


def speech(*stretches: tuple[float, int]) -> list[float]:
    """Probabilities: (value, milliseconds) each."""
    return [value for value, ms in stretches for _ in range(round(ms / 32))]


def ms(samples: int) -> float:
    return samples / 16


@given(PROBABILITIES, st.integers(0, 400_000))
def test_an_utterance_lies_within_the_stream_and_the_limits(
    probabilities: list[float], wake: int
) -> None:
    """Start, end and length of every utterance stay within what was heard and what is allowed."""
    end = follow(probabilities, wake)[-1]
    assert 0 <= end.start <= end.end
    assert end.end <= max(len(probabilities) * WINDOW, wake)
    assert end.end - end.start <= RULES.longest_ms * 16 + 2 * WINDOW


@given(PROBABILITIES, st.integers(0, 100_000))
def test_there_is_one_end_and_pauses_only_grow(probabilities: list[float], wake: int) -> None:
    """A pause tells of ever more of one utterance, and only the end is last."""
    *pauses, _ = events = follow(probabilities, wake)
    assert all(isinstance(event, Pause) for event in pauses)
    for before, after in pairwise(events):
        if after.end > after.start:
            assert before.start == after.start
            assert before.end <= after.end


@given(st.lists(st.floats(0, 0.3), min_size=10, max_size=400))
def test_nothing_is_heard_in_silence(probabilities: list[float]) -> None:
    """Without speech there is no utterance, and waiting has an end."""
    end = follow(probabilities, 0)[-1]
    assert end.start == end.end


def test_the_wake_word_itself_is_left_out() -> None:
    """After a gap only what follows the wake word is the utterance."""
    stream = speech((0, 960), (1, 800), (0, 320), (1, 1600), (0, 1600))
    end = follow(stream, wake=1760 * 16)[-1]
    assert 1760 <= ms(end.start) <= 2080
    assert abs(ms(end.end) - 3680) <= 32


def test_a_short_answer_after_a_long_gap_is_heard() -> None:
    """A gap longer than the silence that ends an utterance doesn't end it before it begins."""
    stream = speech((0, 960), (1, 800), (0, 960), (1, 512), (0, 1600))
    end = follow(stream, wake=1856 * 16)[-1]
    assert abs(ms(end.end - end.start) - 512 - RULES.before_ms) <= 32


def test_without_a_gap_the_first_word_is_kept() -> None:
    """A query that follows the wake word at once is kept whole, the wake word with it."""
    stream = speech((0, 960), (1, 3200), (0, 1600))
    end = follow(stream, wake=1760 * 16)[-1]
    assert ms(end.start) <= 960
    assert abs(ms(end.end) - 4160) <= 32


def test_a_pause_is_told_before_the_end() -> None:
    """The first pause comes after 200 ms of silence with the same bounds as the end."""
    stream = speech((0, 960), (1, 800), (0, 320), (1, 1600), (0, 1600))
    pause, end = follow(stream, wake=1760 * 16)
    assert isinstance(pause, Pause)
    assert (pause.start, pause.end) == (end.start, end.end)


def test_a_pause_within_a_question_does_not_end_it() -> None:
    """Speech that resumes after 400 ms belongs to the same utterance."""
    stream = speech((0, 960), (1, 800), (0, 320), (1, 960), (0, 416), (1, 960), (0, 1600))
    *pauses, end = follow(stream, wake=1760 * 16)
    assert len(pauses) == 2
    assert abs(ms(end.end) - 4416) <= 32


def test_a_click_in_the_silence_does_not_prolong_it() -> None:
    """Noise of two windows after the question changes nothing."""
    quiet = follow(speech((0, 960), (1, 800), (0, 320), (1, 960), (0, 1600)), 1760 * 16)
    click = follow(
        speech((0, 960), (1, 800), (0, 320), (1, 960), (0, 352), (1, 64), (0, 1600)), 1760 * 16
    )
    assert click[-1] == quiet[-1]


def test_endless_speech_ends() -> None:
    """Speech that never stops is cut at the longest utterance."""
    end = follow(speech((1, 60_000)), wake=0)[-1]
    assert abs(ms(end.end - end.start) - RULES.longest_ms) <= 64
