from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from appliance.bench import wake as bench
from voiceassist.engines.ports import Samples, WakeHit


class Loud:
    """Hits once in each frame that is loud."""

    def __init__(self) -> None:
        self._fed = 0

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        self._fed += len(samples)
        return [WakeHit(self._fed, 1.0)] if np.abs(samples).max() > 1200 else []

    def reset(self) -> None:
        self._fed = 0


def test_missed_calls_are_counted() -> None:
    """A call at the usual loudness is heard by a model that hears what is loud, silence is not."""
    call = np.tile(np.array([8000, -8000], np.int16), 4000)
    told = bench.false_rejects(Loud, [("spoken", call), ("silent", np.ones(8000, np.int16) * 0)])
    assert told["clean"] == {"missed": 1, "share": 0.5, "which": ["silent"]}


def test_false_accepts_are_told_with_what_the_count_allows() -> None:
    """Two hits in an hour: a rate, and an upper bound that is larger."""
    sound = np.zeros(3600 * 16_000, np.int16)
    sound[[10 * 16_000, 20 * 16_000]] = 20_000
    told = bench.false_accepts(Loud, [("hour", sound)])
    assert (told["hours"], told["false_accepts"], told["an_hour"]) == (1.0, 2, 2.0)
    assert told["an_hour_at_most"] == pytest.approx(6.296, abs=0.01)


@pytest.mark.parametrize(("count", "bound"), [(0, 2.996), (1, 4.744), (5, 10.513)])
def test_the_bound_is_the_textbooks(count: int, bound: float) -> None:
    """The exact one-sided 95% limits of a Poisson mean, as tables give them."""
    assert bench.at_most(count) == pytest.approx(bound, abs=0.002)
