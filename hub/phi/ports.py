"""What the hub asks of the second judge."""

from __future__ import annotations

from typing import Protocol

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict


class Judge(Protocol):
    """The PHI gate as the hub runs it: other detectors and thresholds than the room's."""

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        """Cleared or Held; never raises."""
