from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.engines.wake_head import STEP, WINDOW, HeadWake


class Scores:
    """Scores by the loudest sample of the newest step, in thousandths."""

    clip = np.full(STEP * 3, 950, np.int16)

    def __init__(self) -> None:
        self.windows: list[Samples] = []

    def aside(self) -> Scores:
        return Scores()

    def score(self, window: Samples) -> float:
        self.windows.append(window)
        return float(window[-STEP:].max()) / 1000

    def reset(self) -> None:
        self.windows.clear()


class Agrees:
    """Another model, which hits where a sample is negative."""

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        return [WakeHit(0, 1.0)] if (samples < 0).any() else []

    def reset(self) -> None:
        pass


def steps(*levels: int) -> Samples:
    return np.repeat(np.array(levels, np.int16), STEP)


def wake(other: Agrees | None = None) -> HeadWake:
    return HeadWake(Scores(), other, cutoff=0.9, agreed=0.5)


def test_two_sure_scores_are_a_hit_at_their_place() -> None:
    """One high score is not enough; the place is where the phrase was heard to end."""
    assert list(wake().feed(steps(0, 950, 0, 0))) == []
    (hit,) = wake().feed(steps(0, 0, 950, 950, 0))
    assert hit.sample == 4 * STEP
    assert hit.score == 0.95


def test_chunks_of_any_size_score_the_same() -> None:
    """The scorer gets the last 1.5 s at each step, however the samples come."""
    sound = steps(*range(0, 900, 30))
    places = []
    for size in (160, 512, 1000, len(sound)):
        scores = Scores()
        one = HeadWake(scores, None, cutoff=0.8, agreed=0.8)
        found = [
            hit for at in range(0, len(sound), size) for hit in one.feed(sound[at : at + size])
        ]
        places.append([hit.sample for hit in found])
        assert {len(window) for window in scores.windows} == {WINDOW}
        assert len(scores.windows) == len(sound) // STEP
    assert places[0]
    assert all(one == places[0] for one in places)


def test_what_both_hear_needs_less() -> None:
    """A score that is not enough alone is, for a while, where the other model agrees."""
    quiet = steps(0, 600, 600, 0)
    assert list(wake(Agrees()).feed(quiet)) == []
    agreed = quiet.copy()
    agreed[STEP] = -1
    assert len(wake(Agrees()).feed(agreed)) == 1
    late = np.concatenate([np.full(1, -1, np.int16), steps(*[0] * 12, 600, 600)])
    assert list(wake(Agrees()).feed(late)) == []


def test_one_call_is_one_hit() -> None:
    """The phrase is not heard twice within a second."""
    assert len(wake().feed(steps(*[950] * 12))) == 1
    assert len(wake().feed(steps(*[950] * 16))) == 2


def test_after_a_reset_it_counts_anew() -> None:
    """A stream that begins again has its places from zero, and nothing of before is heard."""
    one = wake()
    one.feed(steps(0, 0, 0, 950))
    one.reset()
    (hit,) = one.feed(steps(950, 950))
    assert hit.sample == 2 * STEP


def test_it_tests_itself_aside_from_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test clip is heard, and what the stream had half said is still half said."""
    one = wake()
    one.feed(steps(0, 0, 950))
    assert one.hears()
    (hit,) = one.feed(steps(950))
    assert hit.sample == 4 * STEP
    monkeypatch.setattr(Scores, "clip", steps(0, 0))
    assert not one.hears()


def test_silence_without_end_changes_nothing() -> None:
    """Hours of zeros, as while it is muted, leave it as it was."""
    one = wake()
    for _ in range(200):
        assert list(one.feed(steps(*[0] * 50))) == []
    assert len(one.feed(steps(950, 950))) == 1


@pytest.mark.weights
def test_frames_made_step_by_step_are_those_of_the_whole_window() -> None:
    """What the embedding reads is the same, though only a step's frames are made each time."""
    engines = Engines(load_profile("generic-x86"), default_store())
    head = engines.wake()._head  # type: ignore[attr-defined]
    chance = np.random.default_rng(3)
    loudness = np.repeat(10 ** chance.uniform(0, 4, 60), STEP)
    sound = (chance.standard_normal(60 * STEP) * loudness).clip(-32768, 32767).astype(np.int16)
    window = np.zeros(WINDOW, np.int16)
    for start in range(0, len(sound), STEP):
        window = np.concatenate([window[STEP:], sound[start : start + STEP]])
        whole = head._mel.run(None, {"input": window[np.newaxis].astype(np.float32) / 32768})[0]
        made = head._spectrogram(window)
        assert made.shape == (147, 32)
        np.testing.assert_allclose(made[64:140], whole.reshape(-1, 32)[64:140], atol=1e-3)
