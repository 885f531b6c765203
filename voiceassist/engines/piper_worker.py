"""The voice's own process: Piper is GPL-3, so nothing of ours shares an address space with it.

Reads lines of JSON `{"text": …, "length_scale": …}` on standard input. Writes frames on standard
output: four bytes of length, little-endian, then that many bytes of 16-bit PCM; a frame of length 0
ends a sentence. The first frame of all is the sample rate as JSON. End of input ends the process.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import BinaryIO


def main() -> None:
    """Serve the voice whose ONNX file is the first argument."""
    from piper import PiperVoice, SynthesisConfig  # noqa: PLC0415 - this process's one purpose

    # what libraries print must not land between frames
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    voice = PiperVoice.load(sys.argv[1])
    _frame(frames, json.dumps({"sample_rate": voice.config.sample_rate}).encode())
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        config = SynthesisConfig(length_scale=asked["length_scale"])
        for chunk in voice.synthesize(asked["text"], config):
            _frame(frames, chunk.audio_int16_bytes)
        _frame(frames, b"")


def _frame(frames: BinaryIO, data: bytes) -> None:
    frames.write(struct.pack("<I", len(data)) + data)
    frames.flush()


if __name__ == "__main__":
    main()
