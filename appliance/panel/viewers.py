"""Who looks at the panel: each gets the newest state, none of them can hold anything up."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable

from appliance.events import Event
from appliance.panel.session import Session

MOST = 8
_BEAT_S = 15.0


class Viewers:
    """The session, and the browsers that follow it. `watch` is called on the room's threads.

    After `fades_s` without an event the words are gone from the screen and from memory.
    """

    def __init__(
        self, *, words: bool, fades_s: float, now: Callable[[], float] = time.time
    ) -> None:
        self._words = words
        self._fades_s = fades_s
        self._now = now
        self._session = Session()
        self._last = now()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Event] = set()

    def watch(self, event: Event) -> None:
        """Follow an event of the room."""
        with self._lock:
            self._last = self._now()
            self._session = self._session.after(event, self._last)
        self._news()

    def clear(self) -> None:
        """Forget what was said."""
        with self._lock:
            self._session = self._session.cleared()
        self._news()

    def state(self) -> str:
        """What a browser is told, as one line of JSON."""
        with self._lock:
            if self._session.turn is not None and self._now() - self._last > self._fades_s:
                self._session = self._session.cleared()
            return json.dumps(self._session.to_json(words=self._words))

    @property
    def full(self) -> bool:
        """Whether as many look on as may."""
        return len(self._waiting) >= MOST

    async def follow(self) -> AsyncIterator[str]:
        """Server-sent events: the state now, at each change, and from time to time."""
        self._loop = asyncio.get_running_loop()
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            while True:
                news.clear()
                yield f"data: {self.state()}\n\n"
                try:
                    async with asyncio.timeout(_BEAT_S):
                        await news.wait()
                except TimeoutError:
                    continue
        finally:
            self._waiting.discard(news)

    def _news(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for news in self._waiting:
            news.set()
