"""The room's HTTPS to the hub: one client, a fresh signed token for each request."""

from __future__ import annotations

import ssl
import time
import uuid
from collections.abc import Generator
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.room_token import make_room_token


class RoomAuth(httpx.Auth):
    """Signs each request with the machine key (contract/room_token.py)."""

    def __init__(self, private: Ed25519PrivateKey, room: str) -> None:
        self._private = private
        self._room = room

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; nothing to do with the response."""
        token = make_room_token(
            self._private, room=self._room, now_s=int(time.time()), jti=uuid.uuid4().hex
        )
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


def hub_client(
    hub_url: str, *, ca: Path, private: Ed25519PrivateKey, room: str, timeout_s: float = 15.0
) -> httpx.Client:
    """A client that trusts the clinic's own authority and no other."""
    context = ssl.create_default_context(cafile=str(ca))
    return httpx.Client(
        base_url=hub_url.rstrip("/") + "/api/v1",
        verify=context,
        auth=RoomAuth(private, room),
        timeout=httpx.Timeout(timeout_s, connect=2.0),
        trust_env=False,
    )
