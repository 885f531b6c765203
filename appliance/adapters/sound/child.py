"""PortAudio in a process that may be killed: `python -m appliance.adapters.sound.child`.

When a sound server dies, PortAudio's thread for ALSA goes round for ever, and closing its stream
waits for that thread; and a device that is plugged in later is seen only by a process that began
later. So each stream has a process of its own, which is killed to close it, and which ends by
itself once its device has gone still.

The one argument is `Asked` as JSON. Out goes a line of JSON, `Opened` or `{"error": …}`, and then
messages: a `HEAD` and as many bytes as it says. In come, to play, messages of the same kind. The
process ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any

HEAD = struct.Struct("<cdI")
"""What it is; when its first sample is or was in the air, by the monotonic clock; its length."""
CAPTURED = b"c"
TAKEN = b"t"  # the device took the oldest block
DROPPED = b"d"  # no block waits any more
BLOCK = b"b"  # play this
PAUSE = b"p"
RESUME = b"r"
DROP = b"x"  # forget what waits

BLOCK_MS = 20
STALL_S = 1.0
_NICE = -11
_FIRST_S = 4.0  # a sound server may take a while to begin
_SOON_S = 2.0  # what the device says of its delay is believed within this


@dataclass(frozen=True, slots=True)
class Asked:
    """A stream of 16-bit samples; `device` "" is the system's own. `rate` in Hz."""

    capture: bool
    device: str
    rate: int
    channels: int
    latency_s: float


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of it; `rate` is the device's own where it refuses the one asked for."""

    rate: int
    latency_s: float


class _Run:
    """The callbacks, on PortAudio's thread."""

    def __init__(self, outgoing: int) -> None:
        self._outgoing = outgoing
        self.waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.paused = False
        self.seen_at = time.monotonic() + _FIRST_S

    def captured(self, data: Any, _frames: int, times: Any, _status: Any) -> None:
        self.seen_at = time.monotonic()
        when = self.seen_at - _near(times.currentTime - times.inputBufferAdcTime)
        _write(self._outgoing, message(CAPTURED, when, bytes(data)))

    def played(self, out: Any, _frames: int, times: Any, _status: Any) -> None:
        self.seen_at = time.monotonic()
        block = None
        if not self.paused:
            with contextlib.suppress(queue.Empty):
                block = self.waiting.get_nowait()
        out[:] = block or bytes(len(out))
        if block is None:
            return
        when = self.seen_at + _near(times.outputBufferDacTime - times.currentTime)
        _write(self._outgoing, message(TAKEN, when))

    def obey(self, kind: bytes, data: bytes) -> None:
        """What came in, on the main thread."""
        if kind == BLOCK:
            self.waiting.put(data)
        elif kind == DROP:
            with contextlib.suppress(queue.Empty):
                while True:
                    self.waiting.get_nowait()
            _write(self._outgoing, message(DROPPED))
        if kind in {PAUSE, RESUME, DROP}:
            self.paused = kind == PAUSE

    def watch(self) -> None:
        """End the process once the device has gone still."""
        while time.monotonic() - self.seen_at < STALL_S:
            time.sleep(STALL_S / 4)
        os._exit(1)


def main(asked: Asked) -> None:
    """Capture or play until the input ends, or the device does."""
    outgoing = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what sound libraries print would land between the messages
    os.dup2(nowhere, 2)
    with contextlib.suppress(OSError):  # where we may: models that think must not make it stutter
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    run = _Run(outgoing)
    try:
        stream, opened = _open(asked, run.captured if asked.capture else run.played)
        stream.start()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other side tells it
        _write(outgoing, json.dumps({"error": str(error)}).encode() + b"\n")
        os._exit(1)  # ending in order might hang
    _write(outgoing, json.dumps(asdict(opened)).encode() + b"\n")
    threading.Thread(target=run.watch, daemon=True).start()
    while (told := receive(sys.stdin.buffer)) is not None:
        run.obey(told[0], told[2])
    os._exit(0)


def message(kind: bytes, when: float = 0.0, data: bytes = b"") -> bytes:
    """A message as bytes."""
    return HEAD.pack(kind, when, len(data)) + data


def receive(pipe: IO[bytes]) -> tuple[bytes, float, bytes] | None:
    """Read a message; None where the other side has ended."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, when, length = HEAD.unpack(head)
    data = pipe.read(length) if length else b""
    return (kind, when, data) if len(data) == length else None


def _open(asked: Asked, callback: Callable[..., None]) -> tuple[Any, Opened]:
    try:
        import sounddevice  # noqa: PLC0415 - this process's one purpose
    except OSError as error:
        raise OSError("PortAudio is missing: apt-get install libportaudio2") from error
    device, rate = asked.device or None, asked.rate
    make, check = sounddevice.RawOutputStream, sounddevice.check_output_settings
    if asked.capture:
        make, check = sounddevice.RawInputStream, sounddevice.check_input_settings
    try:
        check(device, asked.channels, "int16", samplerate=rate)
    except sounddevice.PortAudioError:
        kind = "input" if asked.capture else "output"
        rate = round(sounddevice.query_devices(device, kind)["default_samplerate"])
    stream = make(
        samplerate=rate, channels=asked.channels, dtype="int16", device=device,
        blocksize=rate * BLOCK_MS // 1000, latency=asked.latency_s or "low", callback=callback,
    )  # fmt: skip
    return stream, Opened(rate, float(stream.latency))


def _near(delay: float) -> float:
    return delay if 0 <= delay < _SOON_S else 0.0


def _write(pipe: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(pipe, data) :]
    except OSError:
        os._exit(0)  # nobody listens any more


if __name__ == "__main__":
    main(Asked(**json.loads(sys.argv[1])))
