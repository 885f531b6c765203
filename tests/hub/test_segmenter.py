from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hub.voice.segmenter import Rules, Segmenter
from voiceassist.engines.ports import SAMPLE_RATE


def _signs(loud: list[bool], rules: Rules | None = None) -> tuple[list[str], Segmenter]:
    windows = iter(loud)
    segmenter = Segmenter(512, lambda _samples: float(next(windows)), rules)
    samples = np.arange(512 * len(loud), dtype=np.int64).astype(np.int16)
    found: list[str] = []
    for start in range(0, len(samples), 1600):
        found += segmenter.feed(samples[start : start + 1600])
    return found, segmenter


def test_an_utterance_keeps_what_came_just_before_it() -> None:
    """Its first sound is not cut off, and its silence ends it."""
    found, segmenter = _signs([False] * 30 + [True] * 20 + [False] * 30)
    assert found == ["began", "ended"]
    first = int(segmenter.utterance[0]) // 512
    assert 30 - 10 <= first <= 30 - 5


def test_a_cough_is_no_utterance_and_a_pause_no_end() -> None:
    """A single loud window begins nothing; half a second of silence ends nothing."""
    assert _signs([False] * 9 + [True] * 2 + [False] * 40)[0] == []
    assert _signs([True] * 20 + [False] * 15 + [True] * 20 + [False] * 30)[0] == ["began", "ended"]


def test_talk_without_end_is_dropped() -> None:
    """What lasts longer than an utterance may is thrown away, and the next one is found."""
    found, _ = _signs([True] * 200 + [False] * 30, Rules(most_s=2.0))
    assert found.count("dropped") >= 1


@given(st.lists(st.booleans(), max_size=300))
def test_whatever_is_heard_beginnings_and_ends_alternate(loud: list[bool]) -> None:
    """No end without a beginning, no second beginning before the end; nothing grows without end."""
    found, segmenter = _signs(loud, Rules(most_s=1.0))
    for index, sign in enumerate(found):
        assert (sign == "began") == (index % 2 == 0)
    assert len(segmenter.so_far()) <= SAMPLE_RATE * 1.1
