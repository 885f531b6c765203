"""Reading in a process apart, so that a file that hangs or crashes a parser harms nobody.

Law: a call ends within its time with a document or a failure that names the file, whatever the
file does. The process is kept for the next file, and made anew where it died or was killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from voiceassist.errors import BadInput, Unavailable
from voiceassist.knowledge.documents.child import receive, send
from voiceassist.knowledge.documents.model import Block, Document, Info, Limits, Scanned

_CHILD = "voiceassist.knowledge.documents.child"


class ReaderProcess:
    """Reads documents one after another. Thread-safe.

    Args:
        most_s: seconds a document may take; recognising scans has its own time on top.
        most_memory: bytes of address space the process may take.
        module: what runs; a test's own where it wants to see it fail.
    """

    def __init__(self, most_s: float, most_memory: int, module: str = _CHILD) -> None:
        self._most_s = most_s
        self._command = [sys.executable, "-m", module, str(most_memory)]
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._end: Callable[[], object] = lambda: None

    def __call__(self, name: str, data: bytes, limits: Limits) -> Document:
        """Like `read_document`; raises `BadInput` for what crashes or takes too long, too."""
        most_s = self._most_s + (limits.ocr.document_s if limits.ocr else 0)
        head = json.dumps({"name": name, "limits": limits.model_dump(mode="json")}).encode()
        with self._lock:
            process = self._running()
            late = threading.Event()
            timer = threading.Timer(most_s, _stop, (process, late))
            timer.start()
            try:
                told = _ask(process, head, data)
            finally:
                timer.cancel()
        if told is None:
            why = "reading it takes too long" if late.is_set() else "reading it ends in a crash"
            raise BadInput(f"{name}: {why}; make the file again, or split it, and add it")
        return _document(told)

    def close(self) -> None:
        """End the process; the next call makes another."""
        with self._lock:
            self._end()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that what it starts is killed with it
            )
            self._end = weakref.finalize(self, _finish, self._process)
        return self._process


def _ask(process: subprocess.Popen[bytes], head: bytes, data: bytes) -> dict[str, Any] | None:
    """The process's answer; None where it died."""
    assert process.stdin is not None  # noqa: S101 - made with pipes
    assert process.stdout is not None  # noqa: S101 - (likewise)
    try:
        send(process.stdin, head)
        send(process.stdin, data)
        told = receive(process.stdout)
    except OSError:
        told = None
    if told is None:
        _kill(process)
        return None
    answer: dict[str, Any] = json.loads(told)
    return answer


def _document(told: dict[str, Any]) -> Document:
    if "unavailable" in told:
        raise Unavailable(told["unavailable"])
    if "scanned" in told:
        raise Scanned(told["scanned"])
    if "refused" in told:
        raise BadInput(told["refused"])
    fields = told["document"]
    blocks = tuple(Block(**{**one, "path": tuple(one["path"])}) for one in fields["blocks"])
    return Document(**{**fields, "info": Info.model_validate(fields["info"]), "blocks": blocks})


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _finish(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    _kill(process)
