"""What of a room is lent to Wyoming's clients, and when not."""

from __future__ import annotations

from appliance.events import Event, Events
from appliance.rules.signs import Phase, Signs
from appliance.wiring import Room
from appliance.wyoming.desk import Desk, Lent
from appliance.wyoming.info import describe, wake_name
from appliance.wyoming.server import WyomingServer
from appliance.wyoming.session import Offer

_OWN_TURN = frozenset({Phase.LISTENING, Phase.THINKING, Phase.SPEAKING})


class Occupied:
    """Whether the room has a turn of its own, by its events; read from any thread."""

    def __init__(self) -> None:
        self._signs = Signs()

    def watch(self, event: Event) -> None:
        """`event` has happened."""
        self._signs = self._signs.after(event)

    def __call__(self) -> bool:
        """Whether it has one now."""
        return self._signs.turn in _OWN_TURN


def wyoming_server(room: Room, events: Events) -> WyomingServer | None:
    """The room's server, not started; None where the settings have it off."""
    settings, engines = room.settings.wyoming, room.engines
    if not settings.on:
        return None
    occupied = Occupied()
    events.watch(occupied.watch)
    profile = engines.profile
    offer = Offer(
        Desk(Lent(room.ear, room.judge, room.voice, room.box.journal, occupied)),
        describe(profile, engines.store.manifest, speaks=settings.speaks),
        wake_name(profile),
        engines.wake,
        engines.vad,
        speaks=settings.speaks,
    )
    return WyomingServer(settings, offer)
