"""Who may look at the panel: who has its link. The token in it opens a cookie, and nothing else.

Law: without the token no word is shown and no button works; a page of another site can use neither
the cookie nor the buttons, whatever name it gives this machine.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

from voiceassist.errors import StoreFull

COOKIE = "voiceassist_panel"
_NAME = "panel.token"
_BYTES = 32
_LEAST = 40  # characters of a token that was made here


def panel_token(folder: Path) -> str:
    """The token of this room, made at its first use, for its own user alone. Raises `StoreFull`."""
    path = folder / _NAME
    try:
        token = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        token = ""
    if len(token) >= _LEAST:
        return token
    token, part = secrets.token_urlsafe(_BYTES), path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(token + "\n")
        part.replace(path)
    except OSError as error:
        raise StoreFull(f"{path} can't be written ({error.strerror}); make room") from error
    return token


class Access:
    """Checks requests. `hosts` are the names under which the panel is reached."""

    def __init__(self, token: str, hosts: frozenset[str]) -> None:
        self._token = token
        self._hosts = hosts

    def knows(self, request: Request) -> bool:
        """Whether the request carries the token, in its cookie or as a bearer."""
        given = request.cookies.get(COOKIE) or request.headers.get("authorization", "")[7:]
        return self.opens(given)

    def opens(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def from_here(self, request: Request) -> bool:
        """Whether the request means this machine, and comes from no page of another site."""
        if request.url.hostname not in self._hosts:
            return False
        origin = request.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == request.headers.get("host")
