"""The room's buttons, whoever presses them: panel, pedal, key. Too early they do nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from appliance.adapters.attention import Attention


class Mutable(Protocol):
    """A microphone that can be closed."""

    problem: str

    @property
    def muted(self) -> bool:
        """Whether it is closed."""

    def mute(self, *, on: bool) -> None:
        """Close it, or open it again; no sample passes from the moment this returns."""


class Switchboard:
    """Passes presses on to the room's loop. Each may come from any thread and returns at once."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._attention: Attention | None = None
        self._microphone: Mutable | None = None
        self._changed: Callable[[], None] = lambda: None

    def connect(
        self, attention: Attention, microphone: Mutable | None, changed: Callable[[], None]
    ) -> None:
        """Buttons work from now on; `changed` is called when the microphone was muted or not."""
        self._loop = asyncio.get_running_loop()
        self._attention = attention
        self._microphone = microphone
        self._changed = changed

    @property
    def muted(self) -> bool:
        """Whether the microphone is closed."""
        return self._microphone is not None and self._microphone.muted

    @property
    def hears(self) -> bool:
        """Whether there is a microphone, closed or not."""
        return self._microphone is not None

    @property
    def problem(self) -> str:
        """One line for a person: why the microphone hears nothing."""
        return self._microphone.problem if self._microphone else ""

    def press(self) -> None:
        """Push to talk."""
        if self._attention is not None and not self.muted:
            self._soon(self._attention.press)

    def release(self) -> None:
        """Let go."""
        if self._attention is not None:
            self._soon(self._attention.release)

    def stop(self) -> None:
        """Say no more, listen no further."""
        if self._attention is not None:
            self._soon(self._attention.stop)

    def mute(self, *, on: bool) -> None:
        """Close the microphone, or open it again."""
        if self._microphone is not None:
            self._microphone.mute(on=on)
            self._changed()

    def _soon(self, act: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)
