"""`POST /api/v1/escalations`: a room asks the cloud through the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from hub.envelope import ok
from hub.escalation.service import Escalation
from voiceassist.contract.wire import EscalationReply, EscalationRequest


def build_router(service: Escalation, *, room: Callable[..., str]) -> APIRouter:
    """`room` is the dependency that authenticates the calling room and returns its name."""
    router = APIRouter(tags=["escalations"])

    @router.post("/escalations")
    def escalate(request: EscalationRequest, caller: Annotated[str, Depends(room)]) -> Any:
        """Judge the query again, ask the cloud model, return the sentences that stand."""
        reply: EscalationReply = service.answer(caller, request)
        return ok(reply.model_dump(mode="json"))

    return router
