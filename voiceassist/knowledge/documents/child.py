"""Reads documents in a process that may die: `python -m voiceassist.knowledge.documents.child`.

Each message is its length (4 bytes, big-endian) and its bytes. In come a JSON of name and limits,
and the file; out goes a JSON: the document, or why it is refused. The process ends with its
input. What parsers print goes nowhere: it may hold the document's words.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from voiceassist.errors import BadInput, VoiceAssistError
from voiceassist.knowledge.documents import Limits, Scanned, read_document

_PREFIX = struct.Struct(">I")


def send(pipe: IO[bytes], data: bytes) -> None:
    """Write one message."""
    pipe.write(_PREFIX.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Read one message; None where the other side has ended."""
    head = pipe.read(_PREFIX.size)
    if len(head) < _PREFIX.size:
        return None
    (length,) = _PREFIX.unpack(head)
    data = pipe.read(length)
    return data if len(data) == length else None


def answer(name: str, data: bytes, limits: Limits) -> dict[str, Any]:
    """The document as JSON values, or why there is none."""
    try:
        document = read_document(name, data, limits)
    except MemoryError:
        return {"refused": f"{name}: reading it takes too much memory; split it"}
    except VoiceAssistError as error:
        kind = "scanned" if isinstance(error, Scanned) else "refused"
        return {kind if isinstance(error, BadInput) else "unavailable": str(error)}
    fields = asdict(document)
    return {"document": {**fields, "info": document.info.model_dump(mode="json")}}


def main(memory: int) -> None:
    """Answer until the input ends; `memory` is the most address space, in bytes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # where memory ends all the same, this process is the one to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    outgoing = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    while (head := receive(sys.stdin.buffer)) is not None:
        data = receive(sys.stdin.buffer)
        if data is None:
            return
        asked = json.loads(head)
        told = answer(asked["name"], data, Limits.model_validate(asked["limits"]))
        send(outgoing, json.dumps(told).encode())


def _end_with_parent(parent: int) -> None:
    """A parser that never returns must not outlive the hub."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
