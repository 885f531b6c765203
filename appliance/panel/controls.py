"""What can be pressed on the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from voiceassist.errors import WrongUse


class Controls(Protocol):
    """The room's buttons; each may be called from any thread and returns at once."""

    def press(self) -> None:
        """Push to talk."""

    def release(self) -> None:
        """Let go."""

    def stop(self) -> None:
        """Say no more, listen no further."""

    def mute(self, *, on: bool) -> None:
        """Close the microphone, or open it again."""


def buttons(controls: Controls, clear: Callable[[], None]) -> Callable[[str], None]:
    """What a press of the named button does; raises `WrongUse` for a name that is none."""
    named: dict[str, Callable[[], None]] = {
        "press": controls.press,
        "release": controls.release,
        "stop": controls.stop,
        "mute": lambda: controls.mute(on=True),
        "unmute": lambda: controls.mute(on=False),
        "clear": clear,
    }

    def push(name: str) -> None:
        if name not in named:
            raise WrongUse(f"the panel has no button {name!r}; load the page again")
        named[name]()

    return push
