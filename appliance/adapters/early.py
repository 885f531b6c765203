"""What is said over a reply, recognised from the first pause on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from appliance.rules.barge import Event, Paused

Heard = TypeVar("Heard")


class Early(Generic[Heard]):
    """One recognition ahead of the end of speech; dropped where more is said."""

    def __init__(self, hear: Callable[[int, int], Awaitable[Heard]]) -> None:
        self._hear = hear
        self._place = (-1, -1)
        self._work: asyncio.Future[Heard] | None = None

    def follow(self, event: Event | None) -> None:
        """Begin where somebody pauses."""
        if isinstance(event, Paused):
            self.drop()
            self._place = event.start, event.end
            self._work = asyncio.ensure_future(self._hear(*self._place))
            # what fails and is waited for by nobody is no news
            self._work.add_done_callback(lambda work: work.cancelled() or work.exception())

    def done(self, last: int) -> Heard | None:
        """What was heard, once it was, where speech ended at place `last` and nothing failed."""
        work = self._work
        if work is None or not work.done() or self._place[1] != last:
            return None
        return None if work.cancelled() or work.exception() else work.result()

    async def heard(self, start: int, end: int) -> Heard:
        """What was said from `start` to `end`; raises what hearing it does."""
        work, self._work = self._work, None
        if work is not None and self._place == (start, end):
            return await work
        if work is not None:
            work.cancel()
        return await self._hear(start, end)

    def drop(self) -> None:
        """Think no more of it."""
        if self._work is not None:
            self._work.cancel()
            self._work = None
