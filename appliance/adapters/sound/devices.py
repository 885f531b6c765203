"""A stream of the sound card, in a process of its own: see `child.py`.

Law: once `close` has returned, the process is gone and the device with it, whatever that did.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from appliance.adapters.sound.child import Asked, Opened, message, receive
from voiceassist.errors import Unavailable

_OPEN_S = 10.0


class DeviceStream:
    """A stream that runs until it is closed, or its device has gone. Raises `Unavailable`."""

    def __init__(self, asked: Asked) -> None:
        self._hearing = threading.RLock()
        self._closed = False
        self._follower: threading.Thread | None = None
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "appliance.adapters.sound.child", json.dumps(asdict(asked))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._outgoing, self._incoming = self._process.stdin, self._process.stdout
        try:
            self.opened = self._begin(asked)
        except BaseException:
            self.close()
            raise

    def follow(self, hear: Callable[[bytes, float, bytes], None]) -> None:
        """Give `hear` each message, on a thread: kind, moment of its first sample, samples.

        It is not called any more once `close` has returned.
        """
        self._follower = threading.Thread(
            target=self._follow, args=(hear,), name="sound", daemon=True
        )
        self._follower.start()

    @property
    def active(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def send(self, kind: bytes, data: bytes = b"") -> None:
        """Pass a message on; nothing happens where the process has ended."""
        with suppress(OSError, ValueError):
            self._outgoing.write(message(kind, data=data))
            self._outgoing.flush()

    def close(self) -> None:
        """End it; from any thread, and again."""
        self._process.kill()
        self._process.wait()
        with self._hearing:
            self._closed = True
        with suppress(OSError):
            self._outgoing.close()
        if self._follower is None:
            self._incoming.close()

    def _begin(self, asked: Asked) -> Opened:
        ready, _, _ = select.select([self._incoming], [], [], _OPEN_S)
        told = json.loads(self._incoming.readline() or "{}") if ready else {"error": "it hangs"}
        if "rate" in told:
            return Opened(**told)
        what, setting = ("microphone", "input") if asked.capture else ("speaker", "output")
        raise Unavailable(
            f"the {what} can't be used ({told.get('error', 'it ended')}); "
            f"plug it in, or name another in audio.{setting}"
        )

    def _follow(self, hear: Callable[[bytes, float, bytes], None]) -> None:
        with self._incoming:
            while (told := receive(self._incoming)) is not None:
                with self._hearing:
                    if self._closed:
                        return
                    hear(*told)
