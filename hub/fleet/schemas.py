"""Rooms, their enrolment, and what they show of themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.command import LONGEST_S, SHORTEST_S, Outcome, Verb
from voiceassist.contract.wire import RoomState

RoomName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class EnrolRequest(BaseModel):
    """What a box asks with: its public machine key and a certificate request, both PEM."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: RoomName
    machine_public_pem: str = Field(max_length=2000)
    csr_pem: str = Field(max_length=8000)


class Kit(BaseModel):
    """What the box gets back; nothing in it is secret.

    `edition_keys` is the version of the keys in `edition_public_pem`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clinic: str
    room: str
    ca_pem: str
    cert_pem: str
    edition_keys: int
    edition_public_pem: tuple[str, ...]
    ack_public_pem: tuple[str, ...]
    hub_url: str
    mqtt_host: str
    mqtt_port: int


class RoomView(BaseModel):
    """A room. `state` is what it said last, `seen_ms` when (0: never)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: str
    enrolled_ms: int
    certificate_serial: str
    seen_ms: int
    state: RoomState | None


class CommandOrder(BaseModel):
    """What a room is to do, and for how many seconds from now it may."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verb: Verb
    expires_in_s: int = Field(default=300, ge=SHORTEST_S, le=LONGEST_S)


class CommandView(BaseModel):
    """A command to a room. `outcome` is None while it waits for the room's reply.

    An "expired" one with `replied` is the room's own word that it came too late; without, the
    room said nothing in time, and a later reply replaces the outcome.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    room: str
    number: int
    verb: str
    actor: str
    issued_s: int
    expires_s: int
    outcome: Outcome | None
    problem: str
    answered_ms: int
    replied: bool
