"""What the hub does every second beside serving: follows new editions, looks at a folder.

An edition may be published by this process or by the command line in another one, so the
keeper goes by the database: what is newer than what it announced last is installed in the
hub's own library and announced to the rooms.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from voiceassist.errors import VoiceAssistError

log = logging.getLogger(__name__)

_TICK_S = 1.0


class Keeper:
    """Runs each of `chores` every second; one that fails is told once, and tried again."""

    def __init__(self, chores: dict[str, Callable[[], None]]) -> None:
        self._chores = chores
        self._failing: dict[str, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    @property
    def problems(self) -> dict[str, str]:
        """What fails at the moment, by chore."""
        return dict(self._failing)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the chore at hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def tick(self) -> None:
        """Run each chore once."""
        for name, chore in self._chores.items():
            try:
                chore()
            except (VoiceAssistError, OSError) as error:
                self._note(name, str(error))
            else:
                self._failing.pop(name, None)

    def _note(self, name: str, problem: str) -> None:
        if self._failing.get(name) != problem:
            log.warning("%s: %s", name, problem)
        self._failing[name] = problem

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_S):
            self.tick()


class Herald:
    """Tells of each new edition, once; `tell` may keep it until somebody listens."""

    def __init__(self, newest: Callable[[], int], tell: Callable[[int], None]) -> None:
        self._newest = newest
        self._tell = tell
        self._told = 0

    def look(self) -> None:
        """Tell of the newest edition, unless it was told."""
        newest = self._newest()
        if newest > self._told:
            self._tell(newest)
            self._told = newest
