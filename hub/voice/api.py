"""The socket's address, and from which sites it may be opened."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, WebSocket

from hub.caller import is_ours
from hub.http import Anyone, provided
from hub.voice.line import FORBIDDEN, TOO_MUCH
from hub.voice.service import VoiceService

router = APIRouter()

Service = Annotated[VoiceService, Depends(provided(VoiceService))]


# Anyone may open it: a browser can't send a token with that. The first message says who it is, and
# the service reads no second one until it knows, and knows that their role may ask.
@router.websocket("/voice", dependencies=[Anyone])
async def voice(socket: WebSocket, service: Service) -> None:
    """Talk to the assistant: docs/voice.md has the messages."""
    origin = socket.headers.get("Origin")
    ours = origin is not None and is_ours(origin, socket.headers.get("Host"))
    if origin is not None and not ours:
        await socket.close(FORBIDDEN)
    elif service.crowded:
        await socket.close(TOO_MUCH)
    else:
        await socket.accept()
        await service.serve(socket, ours=ours)
