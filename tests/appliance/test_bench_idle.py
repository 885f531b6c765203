from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.bench.idle import summary, without_language_model
from appliance.bench.processes import Used, family
from voiceassist.engines.profile import load_profile
from voiceassist.errors import WrongUse


def test_shares_are_of_one_core_and_of_the_time_watched() -> None:
    """CPU counts from the first look on; a process that began later counts whole."""
    before = {"room": Used(cpu_s=30.0, resident_mb=900, memory_mb=800)}
    after = {
        "room": Used(cpu_s=36.0, resident_mb=900, memory_mb=800),
        "voice": Used(cpu_s=1.2, resident_mb=200, memory_mb=150),
    }
    told = summary(before, after, 60.0)
    assert told["core_percent"] == {"all": 12.0, "room": 10.0, "voice": 2.0}
    assert told["memory_mb"]["all"] == 950
    assert told["resident_mb"] == 1100


def test_a_board_without_its_language_model_is_otherwise_the_same(tmp_path: Path) -> None:
    """The profile that is compared with differs in nothing else."""
    whole = load_profile("generic-x86")
    quotes = load_profile(str(without_language_model("generic-x86", tmp_path)))
    assert whole.generate is not None
    assert quotes == whole.model_copy(update={"generate": None})
    with pytest.raises(WrongUse, match="no board profile"):
        without_language_model("toaster", tmp_path)


def test_a_family_is_a_process_and_all_that_descend_from_it() -> None:
    """A child's child is found, by its name, with its own figures."""
    sleeps = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", sleeps], stdin=subprocess.PIPE) as parent:
        end = time.monotonic() + 10
        while len(found := family(parent.pid)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        assert set(found) == {"room", Path(sys.executable).name}
        assert all(one.memory_mb > 0 for one in found.values())
        parent.communicate(b"")
    assert "room" in family(os.getpid())
