"""What was heard, as values that pass from the ear to the gate."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Transcript:
    """Recognised words. `confidence` is 0 to 1: exp of Whisper's mean log-probability.

    `no_speech` is the recogniser's own probability, 0 to 1, that nobody spoke; `language`
    an ISO 639-1 code.
    """

    text: str = field(repr=False)
    confidence: float
    no_speech: float = 0.0
    language: str = "en"
