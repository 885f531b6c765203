"""The page that talks: a microphone, a line to type in, and answers with their sources."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from hub.dashboard.api import show
from hub.dashboard.session import Door, Seen
from hub.http import Person, Role

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

Talker = Annotated[Person, Depends(Seen(Role.CLINICIAN, Role.IT, Role.ADMINISTRATOR))]


@router.get("/talk")
def talk(request: Request, person: Talker, door: Door) -> Response:
    """Ask the library, by voice or in writing."""
    return show(request, "talk.html", person=person, csrf=door.csrf(person))
