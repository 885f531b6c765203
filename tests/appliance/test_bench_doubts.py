from __future__ import annotations

import numpy as np

from appliance.bench.doubts import Heard, compare, draw, noisy
from appliance.rules.soundalike import Place, Rivals, Weighed
from voiceassist.contract.speech import Transcript


def heard(name: str, *names: str, margin: float = 20.0) -> Heard:
    """`name` was said, and the first of `names` heard, likelier by `margin` than the others."""
    if not names:
        return Heard(name, Transcript("how is it stopped", 0.9), 0.1)
    scores = (-10.0, *(-10.0 - margin for _ in names[1:]))
    rivals = (Rivals(Place(0, 1, names), scores),)
    return Heard(name, Weighed("x", 0.9, rivals=rivals), 50.0)


def test_names_are_counted_by_what_was_heard_and_asked() -> None:
    """Right or wrong, asked or silent, and whether what was said was among the two."""
    told = compare([
        heard("a", "a", "b"), heard("a", "a", "b", margin=1.0), heard("a", "b", "a"),
        heard("a", "b", "a", margin=1.0), heard("a", "b", "c", margin=-3.0), heard("a"),
    ])  # fmt: skip
    assert told == {
        "names": 6, "right": 2, "right_asked_needlessly": 1, "wrong": 3, "wrong_caught": 2,
        "wrong_caught_and_offered": 1, "like_no_name": 1, "weighing_ms_p50": 50.0,
        "weighing_ms_max": 50.0,
    }  # fmt: skip


def test_a_draw_can_be_repeated() -> None:
    """The same seed asks the same of the same names, each once."""
    assert draw(20, 4) == draw(20, 4) != draw(20, 5)
    names = [name for name, _ in draw(500, 1)]
    assert len(names) == len(set(names))


def test_noise_is_as_loud_as_it_is_asked_to_be() -> None:
    """At 10 dB below speech at its usual level; without it the sound is as it was."""
    quiet = np.zeros(16_000, np.int16)
    assert noisy(quiet, None, 1) is quiet
    wave = noisy(quiet, 10.0, 1) / 32767
    assert round(20 * np.log10(np.sqrt(np.mean(wave**2))), 1) == -33.0
