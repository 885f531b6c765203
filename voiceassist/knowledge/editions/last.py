"""Which edition `search` and `ask` open where none is named: the one built last on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from voiceassist import files
from voiceassist.errors import WrongUse


def note(edition: Path) -> None:
    """Remember `edition` as the one built last; where that can't be written, nothing is lost."""
    at = _pointer()
    try:
        at.parent.mkdir(parents=True, exist_ok=True)
        files.write_durable(at, str(edition.absolute()).encode())
    except OSError:
        return


def edition(named: Path | None) -> Path:
    """`named`, else $VOICEASSIST_EDITION, else the one built last; raises `WrongUse`."""
    if named:
        return named
    if told := os.environ.get("VOICEASSIST_EDITION"):
        return Path(told)
    try:
        return Path(_pointer().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(
            "no edition was built here; name one with --edition or $VOICEASSIST_EDITION, or make"
            " one with `voiceassist knowledge build`"
        ) from error


def _pointer() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "voiceassist" / "last-edition"
