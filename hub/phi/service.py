"""The hub's own verdict on what a room wants to send out of the building (law 1).

The room's verdict is not an argument: a room that errs, or lies, changes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.phi.ports import Judge
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict


class SecondJudge:
    """Judges words again. The judge is made at first use, since it loads models."""

    def __init__(self, make: Callable[[], Judge]) -> None:
        self._make = make
        self._judge: Judge | None = None

    def judge(self, text: str) -> Verdict:
        """Cleared or Held, whatever the room said; thread-safe once warm."""
        return self._warm().judge(Transcript(text=text, confidence=1.0))

    def _warm(self) -> Judge:
        if self._judge is None:
            self._judge = self._make()
        return self._judge

    def warm_up(self) -> None:
        """Load the judge now, so that the first query does not wait for it."""
        self._warm()
