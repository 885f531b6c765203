"""What the room tells of its health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class LinkHealth(BaseModel):
    """The link to the hub; `last_ack_ms` is Unix time, 0 for never."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connected: bool = False
    answers: bool = True
    last_ack_ms: int = 0
    owed: int = 0


class Health(BaseModel):
    """The room now: "ready", or "degraded" where something is away that it can do without.

    `models` maps each part to the model that serves it; `problems` are lines for a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["ready", "degraded"]
    room: str = ""
    release: str = ""
    edition: int = 0
    models: dict[str, str] = {}
    link: LinkHealth = LinkHealth()
    problems: tuple[str, ...] = ()
