"""Where an utterance begins and ends, from the probabilities of speech. Pure: time is samples.

The wake word is heard within 0.15 s of its end, before or after. The stretch of speech it stands
in ends soon after it: then that stretch was the wake word alone and is left out. Where the stretch
goes on, nobody paused: the query follows without a gap, the whole stretch is kept, and the
recogniser's text loses the wake word instead.

    state      speech                         silence
    WAKING     goes on past the hit: SPEAKING  the stretch ended at the hit: WAITING
    WAITING    long enough: SPEAKING           too long: End
    SPEAKING   too long: End                   a pause: Pause, then PAUSING
    PAUSING    long enough: SPEAKING           long enough: End
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from voiceassist.engines.ports import SAMPLE_RATE


def samples_in(milliseconds: int) -> int:
    """How many samples `milliseconds` hold."""
    return milliseconds * SAMPLE_RATE // 1000


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The rules' figures: probabilities, and milliseconds.

    Speech is what rises above `rises` until it falls below `falls`. `blip_ms` of speech or less
    in a silence is noise. `run_on_ms`: a stretch that lasts longer past the wake word is the query.
    """

    rises: float = 0.5
    falls: float = 0.35
    blip_ms: int = 100
    gap_ms: int = 60
    run_on_ms: int = 250
    pause_ms: int = 200
    end_ms: int = 600
    leading_ms: int = 5000
    longest_ms: int = 20_000
    before_ms: int = 250
    look_back_ms: int = 1600


@dataclass(frozen=True, slots=True)
class Pause:
    """Speech from `start` to `end` may be all: silence has lasted for `pause_ms`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class End:
    """Speech from `start` to `end` is all; they are equal where nobody spoke."""

    start: int
    end: int


Event: TypeAlias = Pause | End


class _State(Enum):
    WAKING = auto()
    WAITING = auto()
    SPEAKING = auto()
    PAUSING = auto()


class Segments:
    """Follows the frames from some way before the wake word at `wake` (a place)."""

    def __init__(self, rules: Segmentation, wake: int) -> None:
        self._rules = rules
        self._wake = wake
        self._state = _State.WAKING
        self._talking = False
        self._onset = 0  # where the stretch of speech began
        self._last = -samples_in(rules.look_back_ms)  # where speech was last heard to end
        self._floor = 0  # where the wake word's own stretch ended
        self._start = wake
        self._end = wake
        self._now = 0
        self.patience_ms = rules.end_ms
        """How long a silence is the end; may be changed while a pause lasts."""
        self.pauses: tuple[int, ...] = ()
        """How long each pause was that speech went on after, in milliseconds."""

    def feed(self, start: int, length: int, speech: float) -> Event | None:
        """Take the frame of `length` samples at place `start`; an `End` is the last event."""
        self._now = start + length
        talking = speech >= (self._rules.falls if self._talking else self._rules.rises)
        if talking and not self._talking and start - self._last >= self._ms(self._rules.gap_ms):
            self._onset = start
        self._talking = talking
        if talking:
            self._last = self._now
        match self._state:
            case _State.WAKING:
                return self._waking()
            case _State.WAITING:
                return self._waiting()
            case _State.SPEAKING:
                return self._speaking()
            case _State.PAUSING:
                return self._pausing()

    def finish(self) -> End:
        """The audio has ended: what there is, is all."""
        if self._state is _State.SPEAKING:
            return End(self._start, self._last)
        return End(self._start, self._end)

    def _waking(self) -> Event | None:
        past = self._last - self._wake
        if past > self._ms(self._rules.run_on_ms):
            earliest = self._wake - self._ms(self._rules.look_back_ms)
            self._begin(max(self._onset - self._ms(self._rules.gap_ms), earliest, 0))
            return None
        quiet = self._now - self._last
        if self._now > self._wake and quiet >= self._ms(self._rules.gap_ms) and not self._talking:
            self._floor = max(self._last, 0)
            self._state = _State.WAITING
        return None

    def _waiting(self) -> Event | None:
        if self._talking and self._last - self._onset > self._ms(self._rules.blip_ms):
            before = self._onset - self._ms(self._rules.before_ms)
            self._begin(max(before, self._floor))
        elif not self._talking and self._now - self._wake >= self._ms(self._rules.leading_ms):
            return End(self._wake, self._wake)
        return None

    def _begin(self, start: int) -> None:
        self._start = start
        self._state = _State.SPEAKING

    def _speaking(self) -> Event | None:
        self._end = self._last
        if self._too_long():
            return End(self._start, self._end)
        if self._now - self._last >= self._ms(self._rules.pause_ms):
            self._state = _State.PAUSING
            return Pause(self._start, self._end)
        return None

    def _pausing(self) -> Event | None:
        resumed = self._last > self._end and self._onset >= self._end
        if self._talking and resumed and self._last - self._onset > self._ms(self._rules.blip_ms):
            self._state = _State.SPEAKING
            self.pauses = (*self.pauses, (self._onset - self._end) * 1000 // SAMPLE_RATE)
            return None
        settled = not self._talking or self._too_long()
        if settled and self._now - self._end >= self._ms(self.patience_ms):
            return End(self._start, self._end)
        return None

    def _too_long(self) -> bool:
        return self._now - self._start >= self._ms(self._rules.longest_ms)

    def _ms(self, milliseconds: int) -> int:
        return samples_in(milliseconds)
