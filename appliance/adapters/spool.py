"""A folder in the microphone's place: recordings in, a JSON and a WAV beside each out.

A recording counts once it has its final name: write it under another suffix, then rename. The
JSON is written last and whole, so where it stands the turn is over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from voiceassist.errors import StoreFull, WrongUse

SUFFIXES = frozenset({".wav", ".flac"})
_SPOKEN = ".answer.wav"
_LOOK_S = 0.1


class Spool:
    """The recordings of a folder, in the order of their names."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise WrongUse(f"{folder}: no such folder; name one to feed recordings from")
        self._folder = folder

    async def recordings(self) -> AsyncIterator[Path]:
        """Each recording once, for ever."""
        while True:
            waiting = self._waiting()
            if waiting:
                yield waiting[0]
            else:
                await asyncio.sleep(_LOOK_S)

    def spoken(self, recording: Path) -> Path:
        """Where the answer's WAV goes."""
        return recording.with_name(recording.stem + _SPOKEN)

    def finish(self, recording: Path, turn: dict[str, Any]) -> None:
        """The turn is over: write its JSON, atomically. Raises `StoreFull`."""
        path = _report(recording)
        part = path.with_suffix(".part")
        try:
            part.write_text(json.dumps(turn, ensure_ascii=False) + "\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise StoreFull(f"{path} can't be written ({error.strerror}); make room") from error

    def _waiting(self) -> list[Path]:
        return sorted(
            path
            for path in self._folder.iterdir()
            if path.suffix.lower() in SUFFIXES
            and not path.name.endswith(_SPOKEN)
            and not path.name.startswith(".")
            and not _report(path).exists()
        )


def _report(recording: Path) -> Path:
    return recording.with_suffix(".json")
