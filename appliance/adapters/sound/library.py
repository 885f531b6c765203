"""The sound library, loaded when a sound device is first used."""

from __future__ import annotations

from typing import Any

from voiceassist.errors import Unavailable


def sound_library() -> Any:
    """The module `sounddevice`; raises `Unavailable` where PortAudio is missing."""
    try:
        import sounddevice  # noqa: PLC0415 - only a room with a sound card has PortAudio
    except OSError as error:
        raise Unavailable(
            "PortAudio is missing; install it: apt-get install libportaudio2"
        ) from error
    return sounddevice
