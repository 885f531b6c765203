"""`/api/v1/phi`: what the gate makes of words, for those who look after it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from hub.envelope import Answer, ok
from hub.http import Asker, Operator, provided
from hub.phi.inquiry import Inquiry
from hub.phi.schemas import PhiExplained, PhiQuestion, PhiVerdict

router = APIRouter(prefix="/phi", tags=["phi"])

Service = Annotated[Inquiry, Depends(provided(Inquiry))]


@router.post("/check")
def check(body: PhiQuestion, person: Asker, inquiry: Service) -> Answer[PhiVerdict]:
    """Whether words may leave the building; held where either judge holds, or fails."""
    return ok(inquiry.check(body.text, person.id))


@router.post("/explain")
def explain(body: PhiQuestion, person: Operator, inquiry: Service) -> Answer[list[PhiExplained]]:
    """What each judge found, where in the text, and how sure it is."""
    return ok([*inquiry.explain(body.text, person.id)])
