"""How long a silence must last to end a question. Pure.

Two things adapt it. What was heard so far, recognised at the first pause: a command is over at
once, and words that nobody ends with ("the dose of the") are waited on. And the speaker: who pauses
long in the middle of questions, or was cut off, is given longer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.rules.commands import command_of

UNFINISHED_MS = 700  # more than usual, after words that nobody ends with
_MARGIN_MS = 250  # beyond the longest pause that the speaker went on after
_FORGETS = 0.25  # of what is beyond the usual, at each turn
# determiners, conjunctions, auxiliaries and what asks, by general knowledge of English; questions
# do end with most prepositions ("what is it used for")
_OPEN = re.compile(
    r"(?:^|\s)(?:the|an?|my|our|her|his|their|your|patient's|and|or|but|if|while|because|than|versus|"
    r"of|without|between|per|is|are|was|were|should|would|could|can|may|what|what's|how|which|"
    r"um|uh|er|erm)[\s,.\u2026-]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of the speaker: `usual_ms` of silence end a question.

    It moves between `least_ms` and `most_ms`, and back to `rests_ms`, one turn at a time.
    """

    usual_ms: int
    rests_ms: int
    least_ms: int
    most_ms: int

    @classmethod
    def starting(cls, end_ms: int) -> Pace:
        """Nothing is known yet; `end_ms` by settings."""
        return cls(end_ms, end_ms, end_ms * 3 // 4, end_ms * 2)

    def after(self, pauses: Sequence[int]) -> Pace:
        """The pace after a question with these pauses, in milliseconds."""
        needed = max(pauses) + _MARGIN_MS if pauses else self.least_ms
        forgotten = self.usual_ms - round((self.usual_ms - self.rests_ms) * _FORGETS)
        return replace(self, usual_ms=min(max(needed, forgotten, self.least_ms), self.most_ms))

    def cut_off(self, gap_ms: int) -> Pace:
        """The pace once speech went on `gap_ms` behind what was taken for its end."""
        return replace(self, usual_ms=max(self.usual_ms, gap_ms) + _MARGIN_MS)


def patience_ms(heard: str | None, usual_ms: int, at_once_ms: int) -> int:
    """How long the silence must last; `heard` is what was said so far, None while unknown."""
    if not heard:
        return usual_ms
    if command_of(heard) is not None:
        return at_once_ms
    return usual_ms + UNFINISHED_MS if unfinished(heard) else usual_ms


def unfinished(text: str) -> bool:
    """Whether `text` ends as no question does."""
    return bool(_OPEN.search(text))
