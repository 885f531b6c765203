"""Renders the pages: templates, and how times and figures read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from voiceassist import __version__

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class View:
    """Jinja2 with the pages' own filters. Everything is escaped."""

    def __init__(self, clinic: str, now_ms: Callable[[], int]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(clinic=clinic, release=__version__)
        self._environment.filters.update(
            utc=utc, iso=iso, ago=lambda ms: ago(ms, now_ms()), grouped=grouped
        )

    def page(self, template: str, **values: object) -> str:
        """The page's HTML."""
        return self._environment.get_template(template).render(values)


def utc(ms: int) -> str:
    """A time for a person: "24 Nov 2026, 02:03 UTC"."""
    return _time(ms).strftime("%-d %b %Y, %H:%M UTC") if ms else "never"


def iso(ms: int) -> str:
    """A time for a machine."""
    return _time(ms).isoformat(timespec="seconds")


def ago(ms: int, now_ms: int) -> str:
    """How long ago: "just now", "5 min ago", "3 h ago", "2 days ago"."""
    seconds = (now_ms - ms) // 1000
    if not ms:
        return "never"
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    days = seconds // _DAY
    return f"{days} day{'s' if days > 1 else ''} ago"


def grouped(number: int) -> str:
    """1234567 as "1,234,567"."""
    return f"{number:,}"


def _time(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
