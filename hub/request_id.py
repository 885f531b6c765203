"""The id of the request being served, known to everything that runs on its behalf."""

from __future__ import annotations

import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The request's id; empty outside of a request."""
    return _current.get()


def enter(offered: str | None) -> str:
    """Take the caller's id where it is a UUID4, else make one; from here it is current."""
    chosen = offered.lower() if offered and _is_uuid4(offered) else str(uuid.uuid4())
    _current.set(chosen)
    return chosen


def _is_uuid4(text: str) -> bool:
    try:
        return str(uuid.UUID(text, version=4)) == text.lower()
    except ValueError:
        return False
