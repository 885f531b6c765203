"""What is said over the room while it thinks or speaks. Pure: time is samples.

Speech pauses the reply at once; what it was is known once it ends. Talk that goes on ends it.

    state      speech                                  silence
    QUIET      `onset_ms` of it: Begun, then TALKING    stays
    TALKING    `talk_ms` of it: Talk, then OVER         `pause_ms`: Paused; `end_ms`: Ended, QUIET
    OVER       nothing more is told
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from appliance.rules.commands import Command, command_of
from appliance.rules.segment import samples_in
from voiceassist.contract.speech import Transcript


@dataclass(frozen=True, slots=True)
class Overhearing:
    """Figures: probabilities, and milliseconds. `lead_ms` before the onset belong to speech."""

    rises: float = 0.7
    falls: float = 0.35
    onset_ms: int = 96
    pause_ms: int = 128
    end_ms: int = 350
    talk_ms: int = 2600
    lead_ms: int = 250


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody speaks, since place `start`."""

    start: int


@dataclass(frozen=True, slots=True)
class Paused:
    """What was said so far lies from place `start` to `end`; more may follow."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What was said lies from place `start` to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Talk:
    """It goes on and on: nobody gives a command."""

    start: int


Event: TypeAlias = Begun | Paused | Ended | Talk


class _State(Enum):
    QUIET = auto()
    TALKING = auto()
    OVER = auto()


class Overheard:
    """Follows frames from place `floor` on; nothing before it counts."""

    def __init__(self, rules: Overhearing, floor: int) -> None:
        self._rules = rules
        self._floor = floor
        self._state = _State.QUIET
        self._begin = floor
        self._loud = 0  # samples of speech in a row
        self._onset = floor
        self.last = floor  # where speech was last heard to end
        self._paused = -1  # where it ended when a pause was told of

    def feed(self, start: int, length: int, speech: float) -> Event | None:
        """Take the frame of `length` samples at place `start`."""
        now = start + length
        level = self._rules.falls if self._state is _State.TALKING else self._rules.rises
        if speech >= level:
            self._onset = start if not self._loud else self._onset
            self._loud += length
            self.last = now
        else:
            self._loud = 0
        match self._state:
            case _State.QUIET if self._loud >= samples_in(self._rules.onset_ms):
                self._state = _State.TALKING
                self._begin = max(self._onset - samples_in(self._rules.lead_ms), self._floor)
                return Begun(self._begin)
            case _State.TALKING if now - self.last >= samples_in(self._rules.end_ms):
                self._state = _State.QUIET
                self._loud = 0
                return Ended(self._begin, self.last)
            case _State.TALKING if now - self._begin >= samples_in(self._rules.talk_ms):
                self._state = _State.OVER
                return Talk(self._begin)
            case _State.TALKING if self._pauses(now):
                self._paused = self.last
                return Paused(self._begin, self.last)
            case _:
                return None

    def _pauses(self, now: int) -> bool:
        silent = now - self.last >= samples_in(self._rules.pause_ms)
        return silent and self._paused != self.last


class Outcome(Enum):
    """What becomes of a reply that was spoken over."""

    RESUME = auto()
    END = auto()
    OBEY = auto()
    ADJUST = auto()


_ADJUSTING = frozenset({Command.LOUDER, Command.QUIETER, Command.SLOWER, Command.FASTER})
_SURE = 0.25  # recognised speech below it is noise; spoken commands, in noise too, had 0.4 and more
_MOST_NO_SPEECH = 0.6
_FILLERS = re.compile(
    r"(?:(?:m+h*m*|mm hm|uh huh|uh|um|ah|oh|hm+|okay|ok|right|yes|yeah|yep|sure|thanks|thank you|"
    r"good|great|i see|alright|all right)\s*)+"
)


def outcome(heard: Transcript, saying: str) -> Outcome:
    """What becomes of the reply, `saying` being what was spoken of it of late."""
    words = _words(heard.text)
    if not words or heard.no_speech > _MOST_NO_SPEECH or heard.confidence < _SURE:
        return Outcome.RESUME
    command = command_of(heard.text)
    if command is not None:
        return Outcome.ADJUST if command in _ADJUSTING else Outcome.OBEY
    if _FILLERS.fullmatch(" ".join(words)) or _echoes(words, saying):
        return Outcome.RESUME
    return Outcome.END


def _echoes(words: list[str], saying: str) -> bool:
    """Whether the room heard itself: most of the words are its own."""
    own = set(_words(saying))
    return sum(word in own for word in words) * 3 >= len(words) * 2


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w\s']", " ", text.lower()).split()
