"""`POST /api/v1/escalations`: a room asks the cloud through the hub."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.envelope import Answer, ok
from hub.escalation.service import Escalation
from hub.http import RoomCaller, provided
from voiceassist.contract.wire import EscalationReply, EscalationRequest

router = APIRouter(tags=["escalations"])

Service = Annotated[Escalation, Depends(provided(Escalation))]


@router.post("/escalations")
def escalate(
    room: RoomCaller, request: EscalationRequest, service: Service
) -> Answer[EscalationReply]:
    """Judge the query again, ask the cloud model, return the sentences that stand."""
    return ok(service.answer(room, request))
