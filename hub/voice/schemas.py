"""What a browser and the hub say to each other over the voice socket.

Binary messages are PCM: 16 bits, little-endian, mono; 16 kHz from the browser, at the rate that
`speech` named to it. All others are JSON: these from the browser, and to it `ready`, `partial`,
`final`, `unheard`, `verdict`, `sentence`, `speech`, `done`, `stopped` and `error`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Mode = Literal["push-to-talk", "hands-free"]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Start(_Said):
    """The first message. Without a token the page's own cookie counts.

    `conversation` goes on with one of the person's own; "" begins another.
    """

    type: Literal["start"]
    token: str = Field(default="", max_length=2000, repr=False)
    mode: Mode = "push-to-talk"
    conversation: str = Field(default="", max_length=64)
    speak: bool = True


class End(_Said):
    """The button was let go: what was sent since is the utterance."""

    type: Literal["end"]


class Ask(_Said):
    """A typed question."""

    type: Literal["ask"]
    text: str = Field(min_length=1, max_length=2000, repr=False)


class Stop(_Said):
    """Say no more, drop what was heard."""

    type: Literal["stop"]


class Refresh(_Said):
    """A newer token of the same person."""

    type: Literal["refresh"]
    token: str = Field(max_length=2000, repr=False)


Message: TypeAlias = Annotated[Start | End | Ask | Stop | Refresh, Field(discriminator="type")]
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


@dataclass(frozen=True, slots=True)
class Judged:
    """The question was judged; `reasons` are codes of why it is held."""

    held: bool
    reasons: tuple[str, ...]
    route: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer, with where it comes from."""

    text: str = field(repr=False)
    kind: str
    title: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole, and kept in the conversation."""

    message: str
    conversation: str
    route: str


Event: TypeAlias = Judged | Sentence | Done
