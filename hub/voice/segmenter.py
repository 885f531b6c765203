"""Where somebody who talks hands free begins and ends. Pure: time is the count of samples.

Law: utterances follow each other without overlap, none is longer than `longest_ms`, and silence
alone makes none.

    state     speech                                   silence
    waiting   `onset_ms` of it: Began, then talking    stays
    talking   `longest_ms` of it: Ended                `end_ms` of it: Ended; then waiting
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from voiceassist.engines.ports import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Figures:
    """Probabilities, and milliseconds.

    Speech is what rises above `rises` until it falls below `falls`. While the hub talks itself,
    more is wanted (`over_…`): what comes out of the loudspeaker is no interruption. `before_ms`
    and `after_ms` around speech belong to the utterance: soft consonants.
    """

    rises: float = 0.5
    falls: float = 0.35
    onset_ms: int = 96
    over_rises: float = 0.7
    over_onset_ms: int = 256
    before_ms: int = 300
    after_ms: int = 200
    pause_ms: int = 200
    end_ms: int = 700
    longest_ms: int = 15_000


@dataclass(frozen=True, slots=True)
class Began:
    """An utterance began at sample `start`."""

    start: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The utterance lies from sample `start` up to `end`."""

    start: int
    end: int


Event: TypeAlias = Began | Ended
USUAL = Figures()


class Segmenter:
    """Follows windows of `window` samples."""

    def __init__(self, window: int, figures: Figures = USUAL) -> None:
        self._window = window
        self._figures = figures
        self._now = 0
        self._run = 0  # samples of speech in a row
        self._onset = 0  # where that row began
        self._last = 0  # where speech was last heard to end
        self._floor = 0  # where the utterance before ended
        self._start: int | None = None

    @property
    def pausing(self) -> bool:
        """Whether the one who talks has paused: this may have been all."""
        return self._now - self._last >= _samples(self._figures.pause_ms)

    @property
    def needed_from(self) -> int:
        """The earliest sample that an utterance may still want."""
        if self._start is not None:
            return self._start
        return self._lead(self._onset if self._run else self._now)

    def feed(self, speech: float, *, over: bool = False) -> Event | None:
        """Take the next window's probability of speech; `over`: the hub talks meanwhile."""
        begins, self._now = self._now, self._now + self._window
        if speech >= self._level(over=over):
            self._onset = self._onset if self._run else begins
            self._run += self._window
            self._last = self._now
        else:
            self._run = 0
        if self._start is None:
            return self._open(over=over)
        return self._close(self._start)

    def _level(self, *, over: bool) -> float:
        if self._start is not None:
            return self._figures.falls
        return self._figures.over_rises if over else self._figures.rises

    def _open(self, *, over: bool) -> Began | None:
        wanted = self._figures.over_onset_ms if over else self._figures.onset_ms
        if self._run < _samples(wanted):
            return None
        self._start = self._lead(self._onset)
        return Began(self._start)

    def _close(self, start: int) -> Ended | None:
        if self._now + self._window - start > _samples(self._figures.longest_ms):
            end = self._now
        elif self._now - self._last >= _samples(self._figures.end_ms):
            end = min(self._last + _samples(self._figures.after_ms), self._now)
        else:
            return None
        self._start, self._run, self._floor = None, 0, end
        return Ended(start, end)

    def _lead(self, place: int) -> int:
        return max(place - _samples(self._figures.before_ms), self._floor)


def _samples(milliseconds: int) -> int:
    return milliseconds * SAMPLE_RATE // 1000
