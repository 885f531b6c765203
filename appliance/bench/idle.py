"""What a room takes that nobody speaks to: the real one, in processes of its own, on a quiet day.

The room hears a sound server's virtual microphone, into which the noise of a quiet room is played:
digital silence would be cheaper than any microphone is. The server is no part of the room.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from appliance.bench.acoustics import ROOM_DB, noise, pcm
from appliance.bench.processes import Used, family
from appliance.bench.pulse import Pulse, available
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import profile_names
from voiceassist.errors import Unavailable, WrongUse
from voiceassist.resources import data_folder

_LOADS_S = 180.0
_SETTLES_S = 10.0
_ENDS_S = 30.0
_NOISE_S = 60
_SETTINGS = """\
data_dir = "{root}/data"
profile = "{profile}"

[audio]
input = "pulse"
output = "pulse"

[panel]
port = 0
"""


def measure(root: Path, profile: str, edition: Path | None, seconds: float) -> dict[str, Any]:
    """One room for so long; `root` is an empty folder."""
    if not available():
        raise Unavailable("PulseAudio is missing: apt-get install pulseaudio pulseaudio-utils")
    card = Pulse(root / "card")
    try:
        with card.saying(_quiet_room()), running_room(root, profile, edition, card) as process:
            time.sleep(_SETTLES_S)
            return _watched(process, card.process, seconds)
    finally:
        card.stop()


def without_language_model(profile: str, root: Path) -> Path:
    """The board's profile in a file, without its language model."""
    path = Path(profile)
    if path.suffix != ".toml":
        if profile not in profile_names():
            raise WrongUse(f"no board profile {profile!r}; there are: {', '.join(profile_names())}")
        path = data_folder("firmware_config") / profile / "profile.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    told.pop("generate", None)
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items() if not _table(value)]
    for name, table in told.items():
        if _table(table):
            lines += [f"[{name}]", *(f"{key} = {json.dumps(one)}" for key, one in table.items())]
    target = root / "quotes-only.toml"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def summary(
    before: Mapping[str, Used], after: Mapping[str, Used], seconds: float
) -> dict[str, Any]:
    """Shares of one core in percent, and megabytes, by process and in all."""
    cpu = {
        name: round(100 * (used.cpu_s - (before[name].cpu_s if name in before else 0)) / seconds, 2)
        for name, used in after.items()
    }
    return {
        "core_percent": {"all": round(sum(cpu.values()), 2), **cpu},
        "memory_mb": {
            "all": round(sum(used.memory_mb for used in after.values()), 1),
            **{name: used.memory_mb for name, used in after.items()},
        },
        "resident_mb": round(sum(used.resident_mb for used in after.values()), 1),
    }


def _table(value: object) -> bool:
    return isinstance(value, dict)


def _quiet_room() -> Samples:
    once = pcm(noise(_NOISE_S * SAMPLE_RATE, ROOM_DB, seed=1))
    return np.asarray(np.tile(once, 15))


def _watched(room: int, server: int, seconds: float) -> dict[str, Any]:
    before, server_before, began = family(room), family(server), time.perf_counter()
    loads = [os.getloadavg()[0]]
    time.sleep(seconds)
    after, server_after, passed = family(room), family(server), time.perf_counter() - began
    loads.append(os.getloadavg()[0])
    served = sum(one.cpu_s for one in server_after.values())
    served -= sum(one.cpu_s for one in server_before.values())
    return {
        "seconds": round(passed, 1),
        **summary(before, after, passed),
        "sound_server_core_percent": round(100 * served / passed, 2),
        "load_average": [round(one, 2) for one in loads],
    }


@contextlib.contextmanager
def running_room(root: Path, profile: str, edition: Path | None, card: Pulse) -> Iterator[int]:
    """A running room, once it is ready; ended with the block."""
    config = root / "appliance.toml"
    config.write_text(_SETTINGS.format(root=root, profile=profile), encoding="utf-8")
    command = [sys.executable, "-c", "from voiceassist.cli import main; main()"]
    command += ["appliance", "run", "--config", str(config)]
    command += ["--edition", str(edition)] if edition else []
    log = root / "room.log"
    with log.open("wb") as told:
        # the card's HOME would hide the model store from the room
        environment = card.environment | _keeps_its_models()
        room = subprocess.Popen(command, env=environment, stderr=told, stdout=told)  # noqa: S603
        try:
            _await_ready(room, log)
            yield room.pid
        finally:
            room.send_signal(signal.SIGTERM)
            try:
                room.wait(_ENDS_S)
            except subprocess.TimeoutExpired:
                room.kill()
                room.wait()


def _keeps_its_models() -> dict[str, str]:
    from voiceassist.engines.store import default_root  # noqa: PLC0415 - by this environment

    return {"VOICEASSIST_APPLIANCE__MODELS_DIR": str(default_root())}


def _await_ready(room: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _LOADS_S
    while time.monotonic() < end:
        text = log.read_text(encoding="utf-8", errors="replace")
        if '"message": "ready"' in text:
            return
        if room.poll() is not None:
            last = text.strip().rpartition("\n")[2]
            raise Unavailable(f"the room did not start ({last}); see to that first")
        time.sleep(0.2)
    raise Unavailable(f"the room was not ready after {_LOADS_S:g} s; try on a quieter machine")
