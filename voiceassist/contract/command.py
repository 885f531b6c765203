"""What the hub may order a room to do, and what the room answers: signed, numbered, expiring. Pure.

Law: a room acts on a command once, if its own hub signed it for this room, its number is above
every number that the room has taken, and its time has come and is not over. There is no command
that opens a microphone or that brings anything said out of the room.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voiceassist.contract.canonical import canonical, parse
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

COMMAND_TYPE = "application/vnd.voiceassist.command.v1+json"
REPLY_TYPE = "application/vnd.voiceassist.command-reply.v1+json"
COMMAND_BYTES = 4096  # the longest envelope of either kind
SHORTEST_S, LONGEST_S = 10, 86_400  # how long a command may be good for
SKEW_S = 60  # by how much a room's clock may be behind the hub's
PROBLEM_CHARACTERS = 500

_Id = Field(min_length=1, max_length=64)


class Verb(StrEnum):
    """What a room can be ordered to do. `Command.verb` may be one of a later release."""

    IDENTIFY = "identify"
    """Tones and lights, so that somebody finds the box."""
    FETCH_EDITION = "fetch_edition"
    """Look for a new edition of the library now."""
    REPORT = "report"
    """Tell the room's state now."""
    MUTE = "mute"
    """Close the microphone; only somebody in the room opens it again."""
    RESTART = "restart"
    """End in order, to be started again by systemd."""


class Outcome(StrEnum):
    """What came of a command."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"


class Expired(Unverified):
    """The command's time is over; it is not acted on."""


class Replayed(Unverified):
    """The command's number was taken already, or a later one was."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    v: Literal[1] = 1


class Command(_Message):
    """An order to one room, as the payload of a `COMMAND_TYPE` envelope.

    `number` rises with each command to the room. From `issued_s` up to, and without, `expires_s`
    (Unix seconds) it may be acted on.
    """

    id: str = _Id
    clinic: str = _Id
    room: str = _Id
    number: int = Field(ge=1)
    verb: str = Field(pattern=r"^[a-z][a-z_]{0,31}$")
    issued_s: int = Field(ge=0)
    expires_s: int

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not SHORTEST_S <= self.expires_s - self.issued_s <= LONGEST_S:
            raise ValueError(f"a command is good for {SHORTEST_S} to {LONGEST_S} seconds")
        return self


class CommandReply(_Message):
    """What came of a command, as the payload of a `REPLY_TYPE` envelope that the room signs.

    `problem` is one line for a person, empty where it was done. It holds nothing that was said.
    """

    id: str = _Id
    number: int = Field(ge=1)
    outcome: Outcome
    problem: str = Field(default="", max_length=PROBLEM_CHARACTERS)


def sign_command(command: Command, signer: Signer) -> Envelope:
    """The command as it travels."""
    return signer.sign(COMMAND_TYPE, canonical(command.model_dump(mode="json")))


def open_command(envelope: Envelope, trusted: KeyRing, *, clinic: str, room: str) -> Command:
    """The command that a trusted key signed for this room, of any age; raises `Unverified`."""
    command = _read(Command, trusted.open(COMMAND_TYPE, envelope))
    if (command.clinic, command.room) != (clinic, room):
        raise Unverified(
            f"a command for room {command.room!r} of clinic {command.clinic!r}, not for {room!r} "
            f"of {clinic!r}: refused; see who writes to this room's topic"
        )
    return command


def check_command(command: Command, *, newer_than: int, now_s: int) -> None:
    """Whether a room may act on `command` now; `newer_than` is the last number it took, 0 for none.

    Raises `Replayed`, `Expired`, or `Unverified` where the command is not of its time yet.
    """
    if command.number <= newer_than:
        raise Replayed(
            f"command {command.number} comes after {newer_than} was taken: refused; issue it again"
        )
    if now_s >= command.expires_s:
        raise Expired(
            f"command {command.number} has expired; if it was just issued, check the clocks of "
            "hub and room, else issue it again"
        )
    if command.issued_s > now_s + SKEW_S:
        raise Unverified(
            f"command {command.number} was issued in the future by this room's clock; "
            "check the clocks of hub and room"
        )


def sign_reply(reply: CommandReply, signer: Signer) -> Envelope:
    """The reply as it travels."""
    return signer.sign(REPLY_TYPE, canonical(reply.model_dump(mode="json")))


def open_reply(envelope: Envelope, trusted: KeyRing) -> CommandReply:
    """The reply, once its signature holds; raises `Unverified`."""
    return _read(CommandReply, trusted.open(REPLY_TYPE, envelope))


_M = TypeVar("_M", bound=_Message)


def _read(kind: type[_M], payload: bytes) -> _M:
    try:
        return kind.model_validate(parse(payload))
    except ValueError as error:
        raise Unverified(
            f"a signed {kind.__name__} is malformed; both machines need one release"
        ) from error
