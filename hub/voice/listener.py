"""Makes utterances of the audio that comes in: by the button, or by who talks.

Law: audio stays in memory, no more of it than one utterance, and goes with the connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from hub.voice.ports import Activity
from hub.voice.segmenter import Began, Segmenter
from voiceassist.engines.ports import SAMPLE_RATE, Samples


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody begins to talk. `goes_on`: perhaps they had only paused."""

    goes_on: bool


@dataclass(frozen=True, slots=True)
class Utterance:
    """What they said."""

    samples: Samples = field(repr=False)


Heard: TypeAlias = Opened | Utterance


class Listener(Protocol):
    """Follows the audio of one connection."""

    @property
    def open(self) -> bool:
        """Whether somebody talks now, and goes on."""

    def hear(self, samples: Samples, *, over: bool) -> list[Heard]:
        """Take what came in; `over`: the hub talks meanwhile. Blocks for a moment."""

    def end(self) -> Utterance | None:
        """The button is let go."""

    def drop(self) -> None:
        """Forget what was said so far."""

    def so_far(self) -> Samples:
        """What was said of an utterance that goes on."""


def nothing() -> Samples:
    """No samples."""
    return np.zeros(0, dtype=np.int16)


class PushToTalk:
    """All that comes between the first frame and `end`; what is beyond `longest_s` is dropped."""

    def __init__(self, longest_s: float) -> None:
        self._longest = int(longest_s * SAMPLE_RATE)
        self._parts: list[Samples] = []
        self._held = 0
        self._full = False

    @property
    def open(self) -> bool:
        """Whether the button is held."""
        return bool(self._parts)

    def hear(self, samples: Samples, *, over: bool) -> list[Heard]:
        """Take what came in. At the most, the utterance ends, and waits for the button."""
        del over  # who presses the button means it
        if self._full or not len(samples):
            return []
        heard: list[Heard] = [] if self._parts else [Opened(goes_on=False)]
        self._parts.append(samples[: self._longest - self._held])
        self._held += len(self._parts[-1])
        if self._held == self._longest:
            heard += [Utterance(self._taken())]
            self._full = True
        return heard

    def end(self) -> Utterance | None:
        """The button is let go; None where nothing came, or the utterance ended by itself."""
        ended, self._full = self._full, False
        return Utterance(self._taken()) if self._parts or not ended else None

    def drop(self) -> None:
        """Forget what was said; what still comes up to `end` is dropped, too."""
        self._full = self.open or self._full
        self._taken()

    def so_far(self) -> Samples:
        """What was said."""
        return np.concatenate(self._parts) if self._parts else nothing()

    def _taken(self) -> Samples:
        samples = self.so_far()
        self._parts, self._held = [], 0
        return samples


class HandsFree:
    """What the voice activity model takes for speech."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._segmenter = Segmenter(activity.window)
        self._audio = nothing()
        self._first = 0  # the place of the first sample in `_audio`
        self._judged = 0  # the place up to which activity was asked
        self._start: int | None = None
        self._dropped = False

    @property
    def open(self) -> bool:
        """Whether somebody talks, and has not just paused."""
        return self._start is not None and not self._dropped and not self._segmenter.pausing

    def hear(self, samples: Samples, *, over: bool) -> list[Heard]:
        """Take what came in."""
        self._audio = np.concatenate([self._audio, samples])
        heard: list[Heard] = []
        window = self._activity.window
        while self._judged + window <= self._first + len(self._audio):
            frame = self._cut(self._judged, self._judged + window)
            self._judged += window
            event = self._segmenter.feed(self._activity.probability(frame), over=over)
            if isinstance(event, Began):
                self._start, over = event.start, False  # who talks has interrupted
                heard.append(Opened(goes_on=True))
            elif event is not None:
                if not self._dropped:
                    heard.append(Utterance(self._cut(event.start, event.end).copy()))
                self._start, self._dropped = None, False
        needed = self._segmenter.needed_from
        self._audio = self._audio[needed - self._first :]
        self._first = needed
        return heard

    def end(self) -> Utterance | None:
        """There is no button: nothing happens."""
        return None

    def drop(self) -> None:
        """Forget the utterance that goes on."""
        self._dropped = self._start is not None

    def so_far(self) -> Samples:
        """What was said of it."""
        return nothing() if self._start is None else self._cut(self._start, self._judged).copy()

    def _cut(self, start: int, end: int) -> Samples:
        return self._audio[start - self._first : end - self._first]
