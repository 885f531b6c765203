"""What the audit room shows and is asked with."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.canonical import Json

ALARM = "audit.alarm"  # the action of an entry that an administrator must see


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EntryView(_View):
    """One entry of the log. `position` counts the whole log from 1; times are Unix ms."""

    position: int
    box: str
    epoch: str
    seq: int
    hash: str
    wall_ms: int
    received_ms: int
    actor: str
    action: str
    outcome: str
    subject: str
    detail: dict[str, Json]


class Filters(_View):
    """Which entries are wanted: equal to what is given, from `since_ms` to before `until_ms`."""

    box: str | None = Field(default=None, max_length=64)
    actor: str | None = Field(default=None, max_length=255)
    action: str | None = Field(default=None, max_length=64)
    outcome: str | None = Field(default=None, max_length=64)
    subject: str | None = Field(default=None, max_length=255)
    since_ms: int | None = Field(default=None, ge=0)
    until_ms: int | None = Field(default=None, ge=0)


class ChainReport(_View):
    """One journal as the hub holds it.

    `seq` and `head` are its last entry's number and hash, `keyid` the key that signed it.
    `problem` is empty where every entry, the head and its signature hold.
    """

    box: str
    epoch: str
    entries: int
    seq: int
    head: str
    keyid: str
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether all of it holds."""
        return not self.problem


class AuditReport(_View):
    """The whole log: its journals, and how many batches lie in quarantine."""

    ok: bool
    entries: int
    quarantined: int
    chains: tuple[ChainReport, ...]
    problem: str = ""
