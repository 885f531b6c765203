"""A live room that is spoken to in real time, and what happened when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from appliance.asking import Alone
from appliance.bench.air import Air, Loudspeaker
from appliance.events import Event, Events
from appliance.live_room import LiveRoom
from appliance.wiring import Room, clock

Kind = TypeVar("Kind")
_LOOK_S = 0.005


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and when it was told."""

    moment: float
    event: Event


class Session:
    """One room's air, speaker and events."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.air = Air(clock)
        self.speaker = Loudspeaker(clock)
        self.told: list[Told] = []
        self.events = Events()
        self.events.watch(lambda event: self.told.append(Told(clock(), event)))
        self.live: LiveRoom

    async def until(self, true: Callable[[], bool], patience: float) -> bool:
        """Wait until it is `true`; False where that took longer than `patience` seconds."""
        end = clock() + patience
        while not true():
            if clock() > end:
                return False
            await asyncio.sleep(_LOOK_S)
        return True

    def since(self, moment: float, kind: type[Kind]) -> list[tuple[float, Kind]]:
        """The events of `kind` told since `moment`, and when each was."""
        return [
            (one.moment, one.event)
            for one in self.told
            if one.moment >= moment and isinstance(one.event, kind)
        ]

    async def sound(self, since: float, patience: float) -> float | None:
        """When sound begins after `since`; None where none does in time."""
        await self.until(lambda: self.speaker.first_since(since) is not None, patience)
        return self.speaker.first_since(since)

    async def quiet(self) -> None:
        """End what is said, and let the room come to rest."""
        self.live.attention.stop()
        await asyncio.sleep(0.8)


@asynccontextmanager
async def session(room: Room) -> AsyncIterator[Session]:
    """The room listens, for as long as the block lasts."""
    here = Session(room)
    async with aclosing(room.stream(here.air)) as stream:
        here.live = LiveRoom(
            room.box, room.segmenter, stream, room.engines.wake, here.speaker, here.events, Alone
        )
        running = asyncio.create_task(here.live.run())
        try:
            await asyncio.sleep(1.0)
            yield here
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
