"""The site's settings, as they are now and as they were.

Law: a change is in the trail, and in effect everywhere within a second: each process reads them
again when what it knows is older.
"""

from __future__ import annotations

from hub.admin.schemas import SiteChange, SiteSettings, SiteVersion
from hub.admin.store import SiteStore
from hub.errors import Conflict
from hub.ports import Clock, Recorder

_GOOD_FOR_MS = 1000


class Site:
    """Reads and changes the settings. Thread-safe."""

    def __init__(self, store: SiteStore, recorder: Recorder, clock: Clock) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._known: tuple[SiteSettings, int] | None = None

    def now(self) -> SiteSettings:
        """The settings that hold."""
        known, now_ms = self._known, self._clock()
        if known is not None and 0 <= now_ms - known[1] < _GOOD_FOR_MS:
            return known[0]
        values = self._store.newest().values
        self._known = values, now_ms
        return values

    def registration_open(self) -> bool:
        """Whether people may ask for an account."""
        return self.now().registration

    def password_kinds(self) -> bool:
        """Whether passwords must have four kinds of signs."""
        return self.now().password_kinds

    def newest(self) -> SiteVersion:
        """The version that holds."""
        return self._store.newest()

    def history(self, offset: int, limit: int) -> tuple[list[SiteVersion], int]:
        """Versions, the newest first, and how many there are."""
        return self._store.listing(offset, limit)

    def change(self, wanted: SiteChange, actor: str) -> SiteVersion:
        """Make the next version; raises `Conflict` where another was made meanwhile."""
        before = self._store.newest()
        values = before.values.model_copy(update=wanted.values())
        if wanted.version == before.version and values == before.values:
            return before
        made = SiteVersion(
            version=wanted.version + 1, values=values, changed_ms=self._clock(), changed_by=actor
        )
        if wanted.version != before.version or not self._store.append(made):
            raise Conflict(
                f"the settings are at version {before.version} by now; read them again first"
            )
        self._known = None
        self._recorder.record(
            action="site.changed",
            outcome="done",
            subject=f"version {made.version}",
            actor=actor,
            detail={**wanted.values()},
        )
        return made
