"""Opening and closing streams of PortAudio, which several threads may not do at once.

A device that is pulled out while a stream is open can make closing it hang: that is left behind on
a thread of its own. Devices that came later are seen only once PortAudio was started anew, which
ends every open stream; so that is done only where none is open.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from appliance.adapters.sound.library import sound_library
from voiceassist.errors import Unavailable

_lock = threading.RLock()
_open: set[int] = set()
_CLOSE_S = 1.0


def open_stream(make: Callable[[Any], Any], what: str, setting: str) -> Any:
    """A started stream, by `make`, which is given the library. Raises `Unavailable`."""
    library = sound_library()
    with _lock:
        if not _open:
            _restart(library)
        try:
            stream = make(library)
            stream.start()
        except (library.PortAudioError, ValueError, OSError) as error:
            raise Unavailable(
                f"the {what} can't be used ({error}); plug it in, or name another in {setting}"
            ) from error
        _open.add(id(stream))
        return stream


def close_stream(stream: Any) -> None:
    """Close it, and return within a second whatever the device does."""
    with _lock:
        _open.discard(id(stream))
    closing = threading.Thread(target=_close, args=(stream,), name="closing sound", daemon=True)
    closing.start()
    closing.join(_CLOSE_S)


def _close(stream: Any) -> None:
    with contextlib.suppress(Exception):  # what has gone can't be closed in order
        stream.abort()
        stream.close()


def _restart(library: Any) -> None:
    with contextlib.suppress(library.PortAudioError):
        library._terminate()  # noqa: SLF001 - there is no other way to see new devices
        library._initialize()  # noqa: SLF001 - (likewise)
