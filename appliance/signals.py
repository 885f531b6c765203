"""What a live room shows beside its page, and what can be pressed: tones, lights, buttons."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine

from appliance.adapters.buttons import Act, Buttons
from appliance.adapters.lights import Led, Lights
from appliance.adapters.tones import Tones
from appliance.events import Event, Events, Woke
from appliance.live_room import LiveRoom
from appliance.rules.signs import Tone
from appliance.switchboard import Switchboard
from voiceassist.engines.ports import Samples
from voiceassist.engines.profile import SignsProfile
from voiceassist.errors import VoiceAssistError

_CALLS = 5
_CALL_S = 1.5


class Signals:
    """The signals of one board; `start` and `stop` are called on the room's loop."""

    def __init__(
        self, profile: SignsProfile, live: LiveRoom, board: Switchboard, events: Events, rate: int
    ) -> None:
        self._live = live
        self._loop = asyncio.get_running_loop()
        self._tones = Tones(rate) if profile.tones else None
        self._beeps: set[asyncio.Task[None]] = set()
        self._lights = Lights([Led(name) for name in profile.lights]) if profile.lights else None
        self._buttons = Buttons(profile.button, _acts(profile, board)) if profile.button else None
        events.watch(self._watch)

    @property
    def problem(self) -> str:
        """One line for a person; empty where all is there."""
        parts = (self._lights, self._buttons)
        return next((part.problem for part in parts if part and part.problem), "")

    @property
    def shows(self) -> bool:
        """Whether the board can be heard or seen at all."""
        return self._tones is not None or self._lights is not None

    def here(self) -> None:
        """Somebody looks for the box: sound and blink, from any thread, while nobody asks."""
        if self._lights is not None:
            self._lights.here()
        if self._tones is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call_out, self._tones.one(Tone.HERE))

    def start(self) -> None:
        """Show and listen."""
        for part in (self._lights, self._buttons):
            if part is not None:
                part.start()

    def stop(self) -> None:
        """End; the light goes dark."""
        for part in (self._lights, self._buttons):
            if part is not None:
                part.stop()

    def _watch(self, event: Event) -> None:
        if self._lights is not None:
            self._lights.watch(event)
        if self._tones is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._beep, event)

    def _beep(self, event: Event) -> None:
        samples = self._tones.due(event) if self._tones else None
        if samples is not None:
            self._begin(self._sound(samples, event))

    def _call_out(self, samples: Samples) -> None:
        self._begin(self._sound_again(samples))

    def _begin(self, sounding: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(sounding)
        self._beeps.add(task)
        task.add_done_callback(self._beeps.discard)

    async def _sound_again(self, samples: Samples) -> None:
        for _ in range(_CALLS):
            if not self._live.idle:
                return  # whoever asks is not spoken over
            with contextlib.suppress(VoiceAssistError):
                await self._live.beep(samples)
            await asyncio.sleep(_CALL_S)

    async def _sound(self, samples: Samples, event: Event) -> None:
        if isinstance(event, Woke) and not await self._live.attention.answers():
            return  # another box tells that it listens
        with contextlib.suppress(VoiceAssistError):  # a tone is worth no failure
            await self._live.beep(samples)


def _acts(profile: SignsProfile, board: Switchboard) -> dict[int, Act]:
    def talk(down: bool) -> None:  # noqa: FBT001 - pressed or let go
        (board.press if down else board.release)()

    def mute(down: bool) -> None:  # noqa: FBT001 - (likewise)
        if down:
            board.mute(on=not board.muted)

    return {key: act for key, act in ((profile.talk_key, talk), (profile.mute_key, mute)) if key}
