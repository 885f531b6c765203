"""What the room knows about its link to the hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkState:
    """The link as it is now.

    `connected`: to the broker. `answers`: the hub has not left sent entries unacknowledged for
    too long. `last_ack_ms`: Unix time of its last word, 0 for none. `owed`: entries that it
    has not acknowledged. `problem`: one line for a person, empty where there is none.
    """

    connected: bool = False
    answers: bool = True
    last_ack_ms: int = 0
    owed: int = 0
    problem: str = ""

    @property
    def up(self) -> bool:
        """Whether the hub can be asked."""
        return self.connected and self.answers
