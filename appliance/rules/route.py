"""Where a query goes. Pure.

Law 1 as a type: a `Hub` holds a `Cleared`, so a held query has no way to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from appliance.rules.commands import Command, command_of
from voiceassist.contract.verdict import Cleared, Held, Verdict

if TYPE_CHECKING:
    from appliance.rules.doubt import Doubt

Policy: TypeAlias = Literal["never", "ask", "cleared"]


@dataclass(frozen=True, slots=True)
class Order:
    """A command to the assistant, done in the room."""

    command: Command
    name: str = field(default="command", init=False)
    query: str = field(default="", init=False)

    @property
    def why(self) -> str:
        """Which command."""
        return self.command.value


@dataclass(frozen=True, slots=True)
class Room:
    """The room answers alone; `why` is "held", "policy", "ask" or "offline".

    `cleared` is what the gate made of the words where it cleared them.
    """

    query: str = field(repr=False)
    why: str
    cleared: Cleared | None = field(default=None, repr=False)
    name: str = field(default="room", init=False)


@dataclass(frozen=True, slots=True)
class Hub:
    """The room answers, and the hub may add to it; `why` is "cleared", "generalised" or "asked".

    `originals` maps a placeholder in a generalised question to what it stands for in the room.
    """

    cleared: Cleared
    why: str = "cleared"
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = field(default="hub", init=False)

    @property
    def query(self) -> str:
        """The words."""
        return self.cleared.text


@dataclass(frozen=True, slots=True)
class Declined:
    """An offer not taken up, or a name that was not told apart.

    `why` is "declined", "unheard", "late", "unsure" or "offline".
    """

    why: str
    name: str = field(default="command", init=False)
    query: str = field(default="", init=False)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """The room asks which of two medicines was named, and answers nothing before it knows.

    `why` is "sounds_alike", or "unclear" where the reply did not tell.
    """

    doubt: Doubt = field(repr=False)
    name: str = field(default="doubt", init=False)
    query: str = field(default="", init=False)

    @property
    def why(self) -> str:
        """Whether it is asked for the first time."""
        return "unclear" if self.doubt.again else "sounds_alike"


@dataclass(frozen=True, slots=True)
class Refuse:
    """There is nothing to answer; `why` is "empty" or, once that failed, "unrecorded"."""

    why: str
    name: str = field(default="refuse", init=False)
    query: str = field(default="", init=False)


Route: TypeAlias = Order | Room | Hub | Declined | Doubtful | Refuse


def searchable(held: Held) -> str:
    """The words of a held query without its items, which only mislead a search; still held."""
    marked = {place for item in held.items for place in range(item.start, item.end)}
    left = "".join(" " if place in marked else letter for place, letter in enumerate(held.text))
    return " ".join(left.split()) or held.text


def choose_route(verdict: Verdict, *, up: bool, policy: Policy) -> Route:
    """The route of a judged query; `up` tells whether the hub can be asked."""
    if not verdict.text.strip():
        return Refuse("empty")
    command = command_of(verdict.text)
    if command is not None:
        return Order(command)
    if not isinstance(verdict, Cleared):
        return Room(searchable(verdict), "held")
    if policy == "never":
        return Room(verdict.text, "policy", verdict)
    if not up:
        return Room(verdict.text, "offline", verdict)
    return Hub(verdict) if policy == "cleared" else Room(verdict.text, "ask", verdict)
