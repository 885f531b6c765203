"""A turn as the room reports it, and what the demonstration expects of it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from demo.leaks import HeldTurn


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Row(_Part):
    """A recording, from the manifest."""

    file: str
    text: str = Field(repr=False)
    kind: str
    voice: str = ""
    phi: bool
    seconds: float = 0.0


class Found(_Part):
    """One item of the gate's verdict; offsets are into the heard text."""

    kind: str
    start: int
    end: int
    score: float = 0.0
    by: str = ""


class Judged(_Part):
    """The gate's verdict."""

    held: bool
    items: tuple[Found, ...] = ()
    reasons: tuple[str, ...] = ()


class Cited(_Part):
    """Where an answer comes from."""

    document: str = ""
    version: int = 0
    title: str = ""
    place: str = ""


class Outcome(_Part):
    """What the room did in one turn; times in milliseconds."""

    turn_id: str
    woke: bool = True
    heard: str = Field(default="", repr=False)
    verdict: Judged
    route: str = ""
    why: str = ""
    sources: tuple[Cited, ...] = ()
    sentences: tuple[str, ...] = Field(default=(), repr=False)
    timings: dict[str, float] = {}
    speech_end_to_first_audio: float | None = None

    def words_of(self, item: Found) -> str:
        """What was said that the gate marked."""
        return self.heard[item.start : item.end]

    def as_held(self) -> HeldTurn:
        """What must never be found at the cloud."""
        items = tuple((item.kind, self.words_of(item)) for item in self.verdict.items)
        return HeldTurn(self.turn_id, self.heard, items)


def what_was_held(shown: Sequence[tuple[Row | None, Outcome]]) -> list[HeldTurn]:
    """Turns that must not have left: held by the gate, or known to hold PHI.

    For the latter the true words count as well as those heard.
    """
    held = []
    for row, outcome in shown:
        if outcome.verdict.held or (row and row.phi):
            held.append(outcome.as_held())
        if row and row.phi:
            held.append(HeldTurn(outcome.turn_id, row.text, ()))
    return held


def missed(shown: Sequence[tuple[Row | None, Outcome]]) -> list[str]:
    """Recordings with PHI that the gate let through."""
    return [row.file for row, one in shown if row and row.phi and not one.verdict.held]
