"""Keeps the room's library at the hub's newest edition.

Law: a hint or a poll only says that something may be new. What is installed is verified by
`knowledge.editions.update`, which leaves the room on a whole edition whatever goes wrong here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from voiceassist.errors import VoiceAssistError
from voiceassist.knowledge.editions.source import LibrarySource
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.editions.update import update
from voiceassist.knowledge.search.library import Library

log = logging.getLogger(__name__)

POLL_S = 60.0
RETRY_S = 2.0


class EditionSync:
    """A thread that polls with an ETag, and at once when `hint` is called.

    `installed` is told of each library that comes to serve, whoever installed it. After a
    failure the next attempt comes after `retry_s`, then after twice as long, up to `poll_s`.
    """

    def __init__(
        self,
        store: EditionStore,
        source: LibrarySource,
        installed: Callable[[Library], None],
        *,
        poll_s: float = POLL_S,
        retry_s: float = RETRY_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._source = source
        self._installed = installed
        self._poll_s = poll_s
        self._retry_s = retry_s
        self._now = now
        self._etag = ""
        self._told = store.current()
        self._failures = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="editions", daemon=True)
        self._refused = ""

    @property
    def problem(self) -> str:
        """One line for a person: why the hub's edition is not used, or that ours is too old."""
        return self._refused or expiry(self._store.current(), int(self._now()))

    def start(self) -> None:
        """Begin polling."""
        self._thread.start()

    def stop(self) -> None:
        """End polling; an installation under way finishes or leaves the last edition."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def hint(self) -> None:
        """Something may be new: look now."""
        self._wake.set()

    def check(self) -> bool:
        """Look once; True when a new edition serves. Raises `VoiceAssistError`."""
        try:
            now_s = int(self._now())
            self._etag = update(self._store, self._source, now_s=now_s, etag=self._etag)
        finally:
            changed = self._tell()
        return changed

    def _tell(self) -> bool:
        library = self._store.refresh()
        if library is None or library is self._told:
            return False
        self._told = library
        self._installed(library)
        log.info("edition %d serves", library.version)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.check()
            except VoiceAssistError as error:
                self._fail(str(error))
            except Exception:
                # the thread must outlive what nobody foresaw: it tries again
                log.exception("looking for a new library failed")
                self._fail("the library can't be updated; see the room's log")
            else:
                self._refused, self._failures = "", 0
            self._wake.wait(self._pause())

    def _fail(self, problem: str) -> None:
        self._failures += 1
        if problem != self._refused:
            log.warning("library not updated: %s", problem)
        self._refused = problem

    def _pause(self) -> float:
        if not self._failures:
            return self._poll_s
        return min(self._poll_s, self._retry_s * 2.0 ** (self._failures - 1))


def expiry(library: Library | None, now_s: int) -> str:
    """One line for a person where an edition is past its time; empty where it is not."""
    if library is None or not library.manifest.expired(now_s):
        return ""
    day = time.strftime("%Y-%m-%d", time.gmtime(library.manifest.expires_s))
    return f"edition {library.version} of the library expired on {day}; publish a new one"
