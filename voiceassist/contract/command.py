"""What a hub may tell a room to do: signed by the hub, for one room, once, for a while. Pure.

A command's number rises with each, so that a room that keeps the last one takes none twice, and an
old one can't be passed off again. Nothing here opens a microphone: that is done in the room alone.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

COMMAND_TYPE = "application/vnd.voiceassist.command+json"
REPLY_TYPE = "application/vnd.voiceassist.command-reply+json"
SKEW_S = 60  # what room's and hub's clocks may be apart

M = TypeVar("M", bound="_Message")
Outcome = Literal["done", "failed", "refused"]


class Verb(StrEnum):
    """What a room can be told: to fetch the newest edition, say its state, close its microphone."""

    FETCH_EDITION = "fetch_edition"
    REPORT = "report"
    MUTE = "mute"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    v: Literal[1] = 1


class Command(_Message):
    """One command. `number` rises from 1 for each room; times are Unix seconds."""

    id: str = Field(max_length=64)
    clinic: str
    room: str
    number: int = Field(ge=1)
    verb: Verb
    issued_s: int
    expires_s: int


class CommandReply(_Message):
    """What became of the command of that id and number; `problem` is a line for a person."""

    id: str = Field(max_length=64)
    room: str
    number: int = Field(ge=0)
    outcome: Outcome
    problem: str = Field(default="", max_length=500)


class Expired(Unverified):
    """The command's time is over."""


def sign_command(command: Command, signer: Signer) -> Envelope:
    """The hub's word."""
    return signer.sign(COMMAND_TYPE, command.model_dump_json().encode())


def open_command(
    envelope: Envelope, keys: KeyRing, *, clinic: str, room: str, now_s: int
) -> Command:
    """The command, once signature, room and time hold; raises `Unverified`, or `Expired`."""
    command = _read(Command, keys.open(COMMAND_TYPE, envelope))
    if (command.clinic, command.room) != (clinic, room):
        raise Unverified("this command is of another room; send it to that one")
    if not command.issued_s - SKEW_S <= now_s < command.expires_s + SKEW_S:
        raise Expired("this command's time is over, or a clock is wrong; send it again")
    return command


def sign_reply(reply: CommandReply, signer: Signer) -> Envelope:
    """The room's word."""
    return signer.sign(REPLY_TYPE, reply.model_dump_json().encode())


def open_reply(envelope: Envelope, keys: KeyRing, *, room: str) -> CommandReply:
    """The reply, once it is that room's; raises `Unverified`."""
    reply = _read(CommandReply, keys.open(REPLY_TYPE, envelope))
    if reply.room != room:
        raise Unverified("this reply is of another room; it is dropped")
    return reply


def _read(kind: type[M], payload: bytes) -> M:
    read: Callable[[bytes], M] = kind.model_validate_json
    try:
        return read(payload)
    except ValueError as error:
        raise Unverified(
            "a signed message is malformed; are hub and room of one release?"
        ) from error
