"""What passes over the socket, and what the assistant tells. Audio is PCM16LE, mono, 16 kHz."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Mode: TypeAlias = Literal["push-to-talk", "hands-free"]
Kind: TypeAlias = Literal["lead", "quote", "composed", "notice"]

_Token = Annotated[str, Field(max_length=8192, repr=False)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Start(_Message):
    """The first message: who calls, and how they want to talk.

    No `token` where the page's cookie says who it is. Without `speak`, answers are text alone.
    """

    type: Literal["start"]
    token: _Token = ""
    mode: Mode = "push-to-talk"
    conversation: Annotated[str, Field(max_length=64)] = ""
    speak: bool = True


class End(_Message):
    """The button is let go: what was heard since is the question."""

    type: Literal["end"]


class Ask(_Message):
    """A question that was typed."""

    type: Literal["ask"]
    text: Annotated[str, Field(min_length=1, max_length=1000, repr=False)]


class Stop(_Message):
    """No more of this answer, and nothing of what was being said."""

    type: Literal["stop"]


class Refresh(_Message):
    """A newer token of the same person."""

    type: Literal["refresh"]
    token: _Token


Command: TypeAlias = End | Ask | Stop | Refresh
START: TypeAdapter[Start] = TypeAdapter(Start)
COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])


@dataclass(frozen=True, slots=True)
class Judged:
    """The gate's verdict: held stays on the hub, else it may be asked outside.

    `route` is where the answer is looked for, where that is known already.
    """

    held: bool
    reasons: tuple[str, ...] = ()
    route: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer, with the document and the place in it that it stands on."""

    text: str = field(repr=False)
    kind: Kind
    title: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is complete and recorded: its message's id, its conversation's, its route."""

    message: str
    conversation: str
    route: str


Event: TypeAlias = Judged | Sentence | Done


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken; seconds, bytes and messages a second."""

    connections: int = 32
    per_person: int = 3
    start_s: float = 5.0
    check_s: float = 1.0
    idle_s: float = 600.0
    text_bytes: int = 1 << 14
    frame_bytes: int = 1 << 16
    messages_per_s: float = 60.0
    audio_pace: float = 2.0  # times as fast as it was said
    utterance_s: float = 30.0  # what the recogniser takes at once
    faults: int = 5
    least_confidence: float = 0.35
    partial_s: float = 1.0
    lead_s: float = 1.0  # how far speech is sent ahead of its being heard
    patience_s: float = 10.0  # for an interrupted answer to let go
