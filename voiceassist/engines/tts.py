"""Text to speech through the voice's process, which is restarted when it has died."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from voiceassist.engines.ports import Samples
from voiceassist.engines.profile import TtsProfile
from voiceassist.errors import Unavailable

_LONGEST_FRAME = 64 << 20
_FAREWELL_S = 3


class Piper:
    """Speaks English, one sentence at a time. Calls from several threads take turns."""

    def __init__(self, voice: Path, profile: TtsProfile) -> None:
        self._voice = voice
        self._profile = profile
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.sample_rate = 0
        self._start()

    def synthesize(self, text: str, *, slowness: float = 1.0) -> Iterator[Samples]:
        """Chunks of speech at `sample_rate` Hz.

        Raises `Unavailable` when the voice's process has died; the next call restarts it. A
        caller that stops early leaves the rest to be read here, so the next starts clean.
        """
        with self._turn:
            process = self._running()
            length = self._profile.length_scale * slowness
            asked = {"text": text.replace("\n", " "), "length_scale": length}
            try:
                _stdin(process).write(json.dumps(asked).encode() + b"\n")
                _stdin(process).flush()
                ended = False
                try:
                    while frame := self._frame(process):
                        yield np.frombuffer(frame, dtype="<i2")
                    ended = True
                finally:
                    if not ended and process.poll() is None:
                        while self._frame(process):
                            pass
            except OSError as error:
                self._end(process)
                raise Unavailable("the voice's process has died; it is started again") from error

    def abort(self) -> None:
        """End what is being made, though it hangs; from any thread. The next call starts anew."""
        process = self._process  # whoever holds the turn hears that it has died, and lets go
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Stop the voice's process."""
        with self._turn:
            if self._process is not None:
                self._end(self._process)
                self._process = None

    def process_id(self) -> int:
        """The id of the voice's process, to measure it."""
        return self._process.pid if self._process else 0

    def _start(self) -> None:
        command = [sys.executable, "-m", "voiceassist.engines.piper_worker", str(self._voice)]
        self._process = subprocess.Popen(  # noqa: S603 - our interpreter, our arguments
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            hello = self._frame(self._process)
        except OSError as error:
            self._end(self._process)
            raise Unavailable(
                "the voice's process does not start; run: voiceassist models verify"
            ) from error
        self.sample_rate = int(json.loads(hello)["sample_rate"])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                self._end(self._process)
            self._start()
        if self._process is None:  # pragma: no cover - _start sets it or raises
            raise Unavailable("the voice's process does not start")
        return self._process

    @staticmethod
    def _frame(process: subprocess.Popen[bytes]) -> bytes:
        """The next frame's bytes, empty at a sentence's end; raises `OSError` at a death."""
        (length,) = struct.unpack("<I", _read(_stdout(process), 4))
        if length > _LONGEST_FRAME:
            raise OSError("a frame of impossible length")
        return _read(_stdout(process), length)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # a broken pipe is closed all the same
        try:
            process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None  # noqa: S101 - opened with PIPE
    return process.stdin


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None  # noqa: S101 - opened with PIPE
    return process.stdout


def _read(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length) if length else b""
    if len(data) < length:
        raise BrokenPipeError("the voice's process ended in the middle of a frame")
    return data
