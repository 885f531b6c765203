from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hub.voice.listener import HandsFree, Opened, PushToTalk, Utterance
from hub.voice.pace import Bucket
from hub.voice.segmenter import Began, Ended, Figures, Segmenter
from tests.hub.talking import FakeActivity

WINDOW = 512
FIGURES = Figures()
runs = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 60)), max_size=30)


def follow(speech: Sequence[float], *, over: bool = False) -> list[Began | Ended]:
    segmenter = Segmenter(WINDOW)
    events = (segmenter.feed(one, over=over) for one in speech)
    return [one for one in events if one is not None]


def spread(stretches: list[tuple[float, int]]) -> list[float]:
    return [level for level, windows in stretches for _ in range(windows)]


@given(runs)
def test_utterances_follow_each_other_and_none_is_too_long(
    stretches: list[tuple[float, int]],
) -> None:
    """Whatever is heard: begin and end take turns, nothing overlaps, nothing exceeds the most."""
    speech = spread(stretches)
    events = follow(speech)
    floor = 0
    for began, ended in zip(events[::2], events[1::2], strict=False):
        assert isinstance(began, Began)
        assert isinstance(ended, Ended)
        assert floor <= began.start == ended.start < ended.end <= len(speech) * WINDOW
        assert ended.end - ended.start <= FIGURES.longest_ms * 16
        floor = ended.end


@given(st.lists(st.floats(0, 0.49), max_size=300))
def test_silence_alone_makes_no_utterance(speech: list[float]) -> None:
    """Nothing begins where nothing rises to speech."""
    assert follow(speech) == []


@given(st.integers(0, 200), st.integers(4, 300))
def test_speech_is_kept_whole_with_some_before_and_after(quiet: int, loud: int) -> None:
    """What was said lies within the utterance, with what leads into it, and ends once."""
    events = follow([0.0] * quiet + [1.0] * loud + [0.0] * 40)
    assert len(events) == 2
    ended = events[1]
    assert isinstance(ended, Ended)
    assert ended.start == max(quiet * WINDOW - FIGURES.before_ms * 16, 0)
    assert ended.end == (quiet + loud) * WINDOW + FIGURES.after_ms * 16


def test_a_short_pause_is_no_end() -> None:
    """Half a second of silence in a question does not cut it in two."""
    events = follow([1.0] * 20 + [0.0] * 16 + [1.0] * 20 + [0.0] * 40)
    assert [type(one) for one in events] == [Began, Ended]


def test_it_takes_more_to_interrupt_than_to_begin() -> None:
    """A short noise that would begin an utterance interrupts no answer."""
    speech = [0.0] * 5 + [0.6] * 20 + [0.0] * 40
    assert follow(speech)
    assert follow(speech, over=True) == []
    assert follow([1.0] * 5 + [0.0] * 40, over=True) == []
    assert follow([1.0] * 10 + [0.0] * 40, over=True)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 25_000)), max_size=12), st.data())
def test_utterances_do_not_depend_on_how_the_audio_is_cut(
    stretches: list[tuple[bool, int]], data: st.DataObject
) -> None:
    """Frames of any size give the same utterances, sample by sample."""
    parts = [np.full(count, 8000 * loud, np.int16) for loud, count in stretches]
    audio = np.concatenate([*parts, np.zeros(16_000, np.int16)])
    audio += np.arange(len(audio), dtype=np.int16) % 100

    def utterances(size: int) -> list[bytes]:
        listener = HandsFree(FakeActivity())
        frames = (audio[at : at + size] for at in range(0, len(audio), size))
        heard = [event for frame in frames for event in listener.hear(frame, over=False)]
        assert len(listener._audio) <= FIGURES.longest_ms * 16 + size + WINDOW
        return [one.samples.tobytes() for one in heard if isinstance(one, Utterance)]

    assert utterances(data.draw(st.integers(100, 30_000))) == utterances(len(audio))


def test_what_is_dropped_hands_free_is_not_told_of_and_the_next_is() -> None:
    """After a stop, the utterance that goes on is forgotten, and the next one heard."""
    listener = HandsFree(FakeActivity())
    loud, quiet = np.full(8000, 8000, np.int16), np.zeros(16_000, np.int16)
    assert listener.hear(loud, over=False) == [Opened(goes_on=True)]
    listener.drop()
    assert not listener.open
    assert listener.hear(quiet, over=False) == []
    kinds = [type(one) for one in listener.hear(np.concatenate([loud, quiet]), over=False)]
    assert kinds == [Opened, Utterance]


def test_a_button_that_is_held_too_long_ends_by_itself_and_waits_to_be_let_go() -> None:
    """The most that fits is the question; the rest is dropped up to the button's end."""
    listener = PushToTalk(1.0)
    second = np.ones(16_000, np.int16)
    assert [type(one) for one in listener.hear(second[:9000], over=False)] == [Opened]
    (full,) = listener.hear(second, over=False)
    assert isinstance(full, Utterance)
    assert len(full.samples) == 16_000
    assert listener.hear(second, over=False) == []
    assert listener.end() is None
    assert [type(one) for one in listener.hear(second[:10], over=False)] == [Opened]


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), max_size=50))
def test_a_bucket_gives_no_more_than_its_rate(takes: list[tuple[float, float]]) -> None:
    """Over any time, no more passes than what it holds and what flowed in."""
    bucket, now_s, passed = Bucket(2.0, 4.0, 0.0), 0.0, 0.0
    for amount, pause_s in takes:
        now_s += pause_s
        passed += amount if bucket.take(amount, now_s) else 0.0
        assert passed <= 4.0 + 2.0 * now_s + 1e-9
