"""What room and hub say to each other over MQTT and HTTP, versioned.

Topics: `va/{clinic}/{room}/journal|journal/ack|state|telemetry|command|reply` and the retained
`va/{clinic}/library/edition`. Payloads are these models as JSON, except where an `Envelope`
is named. An unknown field is an error: a new one is a new version.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.signing import Envelope

BATCH_ENTRIES = 500
BATCH_BYTES = 1 << 20


class _Message(BaseModel):
    # a query that does not validate is not repeated in the error
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    v: Literal[1] = 1


class Topics:
    """The names of one clinic's topics."""

    def __init__(self, clinic: str) -> None:
        self._clinic = clinic
        self.edition = f"va/{clinic}/library/edition"
        self.journals = f"va/{clinic}/+/journal"
        self.states = f"va/{clinic}/+/state"
        self.replies = f"va/{clinic}/+/reply"

    def journal(self, room: str) -> str:
        """Batches of audit entries, room to hub."""
        return f"va/{self._clinic}/{room}/journal"

    def journal_ack(self, room: str) -> str:
        """Signed acknowledgements (an `Envelope`), hub to room."""
        return f"va/{self._clinic}/{room}/journal/ack"

    def state(self, room: str) -> str:
        """The room's state, retained; its last will says that it is offline."""
        return f"va/{self._clinic}/{room}/state"

    def command(self, room: str) -> str:
        """Signed commands (an `Envelope`), hub to room."""
        return f"va/{self._clinic}/{room}/command"

    def reply(self, room: str) -> str:
        """What became of a command, room to hub."""
        return f"va/{self._clinic}/{room}/reply"

    @staticmethod
    def room_of(topic: str) -> str:
        """The room in a topic's third place."""
        return topic.split("/")[2]


class JournalBatch(_Message):
    """Consecutive entries, each the base64 of its stored bytes, and the box's checkpoint.

    `head` signs the last entry of the batch (a `CHECKPOINT_TYPE` envelope). `log` and `seen` are
    the number and size of the hub's log as the box knows it, 0 where it knows none; `behind` counts
    the entries that wait behind these.
    """

    box: str
    epoch: str
    first: int = Field(ge=1)
    entries: tuple[str, ...] = Field(min_length=1, max_length=BATCH_ENTRIES)
    head: Envelope
    log: int = Field(default=0, ge=0)
    seen: int = Field(default=0, ge=0)
    behind: int = Field(default=0, ge=0)


class RoomState(_Message):
    """What a room shows of itself, retained on its state topic.

    `status`: "ready", "degraded" (answers, but something is away) or "offline"; `problems`
    are lines for a person; `owed` counts entries that the hub has not acknowledged.
    """

    room: str
    status: Literal["ready", "degraded", "offline"]
    release: str = ""
    edition: int = 0
    profile: str = ""
    turns: int = 0
    owed: int = 0
    problems: tuple[str, ...] = ()
    wall_ms: int = 0


class EditionHint(_Message):
    """A new edition may be there. Only a hint: the room fetches and verifies."""

    version: int


class EscalationRequest(_Message):
    """A cleared query. The hub finds the evidence itself: nothing else rides along."""

    turn_id: str = Field(max_length=64)
    query: str = Field(max_length=2000, repr=False)


class EscalationReply(_Message):
    """The cloud model's sentences, as checked by the hub against `sources`.

    `outcome`: "answered"; "unsupported" when no sentence stood the check; "refused" when the
    hub's own judge held the query.
    """

    turn_id: str
    outcome: Literal["answered", "unsupported", "refused"]
    sentences: tuple[Sentence, ...] = ()
    sources: tuple[Source, ...] = ()
    model: str = ""
