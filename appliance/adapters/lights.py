"""The room's light: LEDs of Linux's LED class, one that blinks or three that make colours.

Law: a light that is away or can't be written is a line for a person, once, and never a failure.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from appliance.events import Event
from appliance.rules.signs import Phase, Signs

log = logging.getLogger(__name__)

_TICK_S = 0.125
# eight ticks, a second: "#" is lit
_BLINKS = {
    Phase.IDLE: "........", Phase.LISTENING: "########", Phase.THINKING: "####....",
    Phase.SPEAKING: "###.###.", Phase.ASKING: "##..##..", Phase.MUTED: "#.......",
    Phase.FAILED: "#.#.#.#.", Phase.DEAF: "#.#.#.#.",
}  # fmt: skip
_HERE = "#.##.#.."
_HERE_TICKS = 80
_COLOURS = {  # red, green, blue
    Phase.IDLE: (0, 0, 0), Phase.LISTENING: (0, 1, 1), Phase.THINKING: (0, 0, 1),
    Phase.SPEAKING: (0, 1, 0), Phase.ASKING: (1, 1, 0), Phase.MUTED: (1, 0, 0),
    Phase.FAILED: (1, 0, 0), Phase.DEAF: (1, 0, 0),
}  # fmt: skip


class Led:
    """One LED by its name below /sys/class/leds."""

    def __init__(self, name: str, root: Path = Path("/sys/class/leds")) -> None:
        self._path = root / name / "brightness"
        self._most = root / name / "max_brightness"
        self._lit: bool | None = None
        self.problem = ""

    def show(self, *, lit: bool) -> None:
        """Light it or not; what is so already is not written again."""
        if lit is self._lit:
            return
        try:
            most = self._most.read_text(encoding="ascii").strip() if lit else "0"
            self._path.write_text(most, encoding="ascii")
        except OSError as error:
            if not self.problem:
                self.problem = f"the light {self._path.parent.name} can't be set ({error.strerror})"
                log.warning("%s", self.problem)
            return
        self._lit, self.problem = lit, ""


class Lights:
    """Follows a room's events on one LED, which blinks, or on three: red, green and blue."""

    def __init__(self, leds: list[Led]) -> None:
        self._leds = leds
        self._signs = Signs()
        self._ticks = 0
        self._here = 0  # so many ticks more
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lights", daemon=True)

    @property
    def problem(self) -> str:
        """One line for a person; empty where all can be set."""
        return next((led.problem for led in self._leds if led.problem), "")

    def watch(self, event: Event) -> None:
        """Follow an event."""
        self._signs = self._signs.after(event)

    def here(self) -> None:
        """Somebody looks for the box: blink for ten seconds, all colours at once.

        What the room does outweighs that: only one that does nothing blinks.
        """
        self._here = _HERE_TICKS

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End, dark."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        for led in self._leds:
            led.show(lit=False)

    def tick(self) -> None:
        """Show an eighth of a second."""
        phase = self._signs.phase
        self._here, here = max(0, self._here - 1), self._here > 0 and phase is Phase.IDLE
        lit = (_HERE if here else _BLINKS[phase])[self._ticks % 8] == "#"
        self._ticks += 1
        if len(self._leds) == 1:
            self._leds[0].show(lit=lit)
            return
        blinks = phase in {Phase.FAILED, Phase.DEAF}  # muted is red as well, and stands still
        for led, part in zip(self._leds, _COLOURS[phase], strict=True):
            led.show(lit=lit if here else bool(part) and (lit or not blinks))

    def _run(self) -> None:
        while not self._ending.wait(_TICK_S):
            self.tick()
