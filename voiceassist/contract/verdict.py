"""What the PHI gate says: `Cleared` may leave the room, `Held` may not (law 1).

Only `voiceassist.phi.gate` may make a `Cleared`: its constructor wants the gate's seal,
which a type checker will not let anybody else obtain and an architecture test looks for.
The door to the hub takes a `Cleared` and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, final


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may identify a person.

    `start` and `end` are character offsets into the heard text, `score` is 0 to 1, `kind`
    is upper-case (NAME, DATE, AGE, PHONE, MRN…) and `by` names the recogniser.
    """

    kind: str
    start: int
    end: int
    score: float
    by: str


@dataclass(frozen=True, slots=True)
class Held:
    """Stays in the room. `reasons` are codes.

    items, empty, too_long, low_confidence, no_speech, language, characters, follow_up, time_out,
    error: docs/phi.md tells what each means.
    """

    text: str = field(repr=False)
    items: tuple[Item, ...] = ()
    reasons: tuple[str, ...] = ()
    held: bool = field(default=True, init=False)


@final
class GateSeal:
    """Proof that the gate is the caller. One is made, in `voiceassist.phi.gate`."""

    __slots__ = ()


@final
@dataclass(frozen=True, slots=True)
class Cleared:
    """Words that the gate found free of PHI: the only thing the door to the hub takes."""

    text: str = field(repr=False)
    seal: GateSeal = field(repr=False)
    items: tuple[Item, ...] = field(default=(), init=False)
    reasons: tuple[str, ...] = field(default=(), init=False)
    held: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Refuse a seal that is not one; raises `TypeError`."""
        if not isinstance(self.seal, GateSeal):
            msg = "only the PHI gate makes a Cleared"
            raise TypeError(msg)


Verdict: TypeAlias = Cleared | Held
