"""What the audit room shows and is asked with."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.canonical import Json

HUB = "hub"  # the box of the hub's own journal
_MOST = 2**63 - 1
PRUNED = "audit.pruned"
ALARM = "audit.alarm"  # the action of an entry that an administrator must see


class Why(StrEnum):
    """Why a hub was put back from a copy: the trail holds no free text."""

    DISK_LOST = "disk-lost"
    MACHINE_REPLACED = "machine-replaced"
    ROLLED_BACK = "rolled-back"
    EXERCISE = "exercise"


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

    position: int | None = Field(default=None, ge=1, le=_MOST)
    box: str | None = Field(default=None, max_length=64)
    actor: str | None = Field(default=None, max_length=255)
    action: str | None = Field(default=None, max_length=64)
    outcome: str | None = Field(default=None, max_length=64)
    subject: str | None = Field(default=None, max_length=255)
    since_ms: int | None = Field(default=None, ge=0, le=_MOST)
    until_ms: int | None = Field(default=None, ge=0, le=_MOST)


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
    """The whole log: its journals, and how many batches lie in quarantine.

    `entries` counts what was pruned, too, `words` the signed words on the log that hold. `log` and
    `root` name the log and its Merkle root, `keys` the keys that signed for it.
    """

    ok: bool
    entries: int
    pruned: int
    quarantined: int
    chains: tuple[ChainReport, ...]
    log: str
    root: str
    words: int
    keys: tuple[str, ...]
    problem: str = ""
