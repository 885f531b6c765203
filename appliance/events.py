"""What happens in a room, as values, and who is told.

Law: whoever watches neither holds up nor fails a turn. A watcher is called on the thread that
tells, must return soon, and what it raises is logged and dropped. Events hold what was said
(`repr=False`): they stay in the room, and only in its memory unless a consented recording is on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from appliance.rules.record import TurnRecord
from appliance.rules.route import Route
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage, Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.knowledge.answers.answer import Answer

log = logging.getLogger(__name__)

Cause: TypeAlias = Literal["wake", "press", "reply"]


@dataclass(frozen=True, slots=True)
class Woke:
    """A turn begins at place `sample`: by the wake word, a press, or an awaited reply."""

    turn_id: str
    sample: int
    score: float
    cause: Cause = "wake"


@dataclass(frozen=True, slots=True)
class Listened:
    """Speech lay from place `start` to `end`; equal where nobody spoke."""

    turn_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The words."""

    turn_id: str
    transcript: Transcript = field(repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """The gate's verdict."""

    turn_id: str
    verdict: Verdict = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """The library's passages, the best first."""

    turn_id: str
    passages: Sequence[Passage] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """The route taken and the answer in the library's own words."""

    turn_id: str
    route: Route = field(repr=False)
    answer: Answer = field(repr=False)


@dataclass(frozen=True, slots=True)
class Composed:
    """What a model added, checked."""

    turn_id: str
    sentences: Sequence[Sentence] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of the journal is durable."""

    turn_id: str
    action: str
    outcome: str
    detail: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Speaking:
    """The voice takes up `sentence`."""

    turn_id: str
    sentence: Sentence = field(repr=False)


@dataclass(frozen=True, slots=True)
class Over:
    """The turn is over, however it went."""

    turn_id: str
    record: TurnRecord | None = field(repr=False)  # None: it failed
    code: str = ""
    error: str = ""  # one line for a person


@dataclass(frozen=True, slots=True)
class Left:
    """A call came to no turn: "silent", "dropped", or "elsewhere" where another box answers."""

    turn_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What the room can do now; `problems` are lines for a person. Belongs to no turn."""

    muted: bool = False
    online: bool = True
    deaf: bool = False
    problems: tuple[str, ...] = ()


Event: TypeAlias = (
    Woke | Listened | Heard | Judged | Found | Answered | Composed | Recorded | Speaking | Over
    | Left | Condition
)  # fmt: skip
Watcher: TypeAlias = Callable[[Event], None]


class Events:
    """Tells events to all who watch, in the order in which they came to watch."""

    def __init__(self) -> None:
        self._watchers: tuple[Watcher, ...] = ()

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` from now on."""
        self._watchers = (*self._watchers, watcher)

    def tell(self, event: Event) -> None:
        """`event` has happened; from any thread."""
        for watcher in self._watchers:
            try:
                watcher(event)
            except Exception as error:  # noqa: BLE001 - the turn goes on, whoever watches
                # the type alone: a message may repeat what was said
                log.error("a watcher failed: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
