"""The door from the room to the hub. It takes a `Cleared` and nothing else (law 1)."""

from __future__ import annotations

import asyncio
import logging

import httpx

from voiceassist.contract.verdict import Cleared
from voiceassist.contract.wire import EscalationReply, EscalationRequest

log = logging.getLogger(__name__)


class HttpHubLink:
    """Asks the hub to compose an answer with the cloud's help."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    async def escalate(self, query: Cleared, turn_id: str) -> EscalationReply | None:
        """The hub's checked sentences, or None where it can't help: the room works alone."""
        if not isinstance(query, Cleared):  # the type says so; this door checks all the same
            raise TypeError("only a cleared query leaves the room")
        body = EscalationRequest(turn_id=turn_id, query=query.text).model_dump(mode="json")
        try:
            answer = await asyncio.to_thread(self._client.post, "/escalations", json=body)
            answer.raise_for_status()
            return EscalationReply.model_validate(answer.json()["data"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            log.warning("escalation failed: %s", type(error).__name__, extra={"turn": turn_id})
            return None
