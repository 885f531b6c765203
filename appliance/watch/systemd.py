"""What systemd is told: that the room is ready, alive, and ending. Without systemd, nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Writes to the socket that `sd_notify(3)` describes."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @property
    def watched(self) -> bool:
        """Whether systemd has started this process, and starts it again."""
        return bool(self._address)

    def ready(self) -> None:
        """The room listens."""
        self._tell("READY=1")

    def alive(self, status: str = "") -> None:
        """The room hears, and its loop turns; `status` is one line for `systemctl status`."""
        self._tell("WATCHDOG=1\nSTATUS=" + (status or "listening"))

    def stopping(self) -> None:
        """The room ends in order."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            try:
                sender.sendto(text.encode(), self._address)
            except OSError:
                return  # nobody listens any more; that systemd will notice by itself
