"""The browsers that talk with the hub: how many, and who may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import Forbidden, TooMany
from hub.http import Allowed, Person, Role
from hub.voice.ports import Assistant, Opened, Sessions, Speech
from hub.voice.schemas import Start

_PER_PERSON = 3
_ALLOWED = Allowed(Role.ADMINISTRATOR, Role.IT, Role.CLINICIAN)


class Voice:
    """What every connection shares. Used on one event loop."""

    def __init__(
        self,
        sessions: Sessions,
        assistant: Assistant,
        speech: Speech,
        opened: Opened,
        *,
        most: int,
    ) -> None:
        self._sessions = sessions
        self.assistant = assistant
        self.speech = speech
        self._opened = opened
        self._most = most
        self._talking: Counter[str] = Counter()

    def who(self, start: Start, cookie: str) -> Person:
        """Who talks, by token or page; raises `Unauthorized`, or `Forbidden`."""
        if start.token or not cookie:
            person = self._sessions.by_token(start.token)
        else:
            person = self._sessions.by_page(cookie)
        _ALLOWED.check(person)
        return person

    def admit(self, person: Person) -> None:
        """Record that a person talks; raises `Forbidden` where the site has it off."""
        allowed = self._opened.allowed()
        self._opened.record(person, "done" if allowed else "refused")
        if not allowed:
            raise Forbidden("an administrator has switched voice off for this site")

    @contextmanager
    def counted(self, person: Person) -> Iterator[None]:
        """One more that talks; raises `TooMany`."""
        if self._talking[person.id] >= _PER_PERSON:
            raise TooMany(f"you talk in {_PER_PERSON} places already; close one of them", 10)
        if self._talking.total() >= self._most:
            raise TooMany("as many talk as the hub can bear; try again soon", 30)
        self._talking[person.id] += 1
        try:
            yield
        finally:
            self._talking[person.id] -= 1
            if not self._talking[person.id]:
                del self._talking[person.id]
