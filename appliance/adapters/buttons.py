"""Buttons and pedals through Linux's evdev: push to talk, and mute.

A device is found by its name, read as the kernel writes it (struct input_event, 24 bytes on 64-bit
machines), and looked for again when it has gone. Python's evdev has no wheel for aarch64.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

_EVENT = struct.Struct("llHHi")  # seconds, microseconds, type, code, value
_KEY, _UP, _DOWN = 1, 0, 1
_LOOK_S = 2.0
_WAIT_S = 0.5

Act = Callable[[bool], None]  # True: pressed, False: let go


class Buttons:
    """Acts on the keys of the device called `name`: by the kernel's codes, such as 57 for space."""

    def __init__(self, name: str, acts: Mapping[int, Act], root: Path = Path("/")) -> None:
        self._name = name
        self._acts = acts
        self._root = root
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="buttons", daemon=True)
        self.problem = ""
        """One line for a person: why no button is heard."""

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            path = self._find()
            if path is None:
                self._away("is not there; plug it in")
            else:
                try:
                    self._follow(path)
                except OSError as error:
                    self._away(f"can't be read ({error.strerror})")
            self._ending.wait(_LOOK_S)

    def _find(self) -> Path | None:
        for found in sorted((self._root / "sys/class/input").glob("event*/device/name")):
            with contextlib.suppress(OSError):
                if found.read_text(encoding="utf-8").strip() == self._name:
                    return self._root / "dev/input" / found.parent.parent.name
        return None

    def _follow(self, path: Path) -> None:
        """Read until it goes away; raises `OSError`."""
        device = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            self.problem = ""
            while not self._ending.is_set():
                if not select.select([device], [], [], _WAIT_S)[0]:
                    continue
                data = os.read(device, _EVENT.size * 16)
                if not data:
                    return
                for _, _, kind, code, value in _EVENT.iter_unpack(_whole(data)):
                    if kind == _KEY and value in {_UP, _DOWN} and code in self._acts:
                        self._acts[code](value == _DOWN)
        finally:
            os.close(device)

    def _away(self, why: str) -> None:
        problem = f"the button {self._name!r} {why}"
        if problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem


def _whole(data: bytes) -> bytes:
    return data[: len(data) - len(data) % _EVENT.size]
