"""The journal as a stage: written on another thread, durable when it returns."""

from __future__ import annotations

import asyncio

from appliance.journal.journal import Journal
from voiceassist.contract.canonical import Json

_ACTOR = "room"


class Recorder:
    """Appends a room's turns to its journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        """Durable on return; raises what `Journal.append` raises."""
        await asyncio.to_thread(
            self._journal.append,
            action=action,
            outcome=outcome,
            subject=turn_id,
            actor=_ACTOR,
            detail=detail,
        )
