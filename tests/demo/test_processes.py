from __future__ import annotations

import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo import processes
from demo.processes import Crew, Died, free_ports, listening
from voiceassist.errors import Unavailable


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def alive(pid: int) -> bool:
    """Whether the process is there; one that has died and waits to be reaped is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_leaving_stops_everything(tmp_path: Path) -> None:
    """No process outlives the crew, nor what such a process started itself."""
    code = (
        "import subprocess, sys, time;"
        "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(c.pid, flush=True); time.sleep(60)"
    )
    with Crew(tmp_path) as crew:
        child = crew.start("parent", python(code))
        crew.wait_for(lambda: bool(child.last_lines()), "no child", 20)
        grandchild = int(child.last_lines()[0])
        assert alive(grandchild)
    assert child.process.returncode == -signal.SIGTERM
    end = time.monotonic() + 10
    while alive(grandchild) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(grandchild)


def test_one_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that does not stop when told is killed after the grace."""
    monkeypatch.setattr(processes, "STOP_S", 0.3)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); time.sleep(60)"
    )
    with Crew(tmp_path) as crew:
        child = crew.start("stubborn", python(code))
        crew.wait_for(lambda: child.last_lines() == ["up"], "not up", 20)
    assert child.process.returncode == -signal.SIGKILL


def test_a_death_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """A process that ends by itself is an error with its status and last lines."""
    with Crew(tmp_path) as crew:
        crew.start("hub", python("print('one'); print('two'); raise SystemExit(3)"))
        with pytest.raises(Died, match="hub stopped with status 3: two") as caught:
            crew.wait_for(lambda: False, "never", 20)
    assert caught.value.lines == ["one"]


def test_waiting_ends(tmp_path: Path) -> None:
    """What does not become ready is an error that says where to look."""
    with Crew(tmp_path) as crew, pytest.raises(Unavailable, match="the hub is not up after 0 s"):
        crew.wait_for(lambda: False, "the hub is not up", 0.1)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    """A program that isn't installed gets a line that says so."""
    with Crew(tmp_path) as crew, pytest.raises(Unavailable, match="install it"):
        crew.start("broker", [str(tmp_path / "nothing")])


def test_stopping_ends_an_errand_too(tmp_path: Path) -> None:
    """A command that is under way when the crew stops does not hold it up."""
    with ThreadPoolExecutor(1) as beside, Crew(tmp_path) as crew:
        done = beside.submit(crew.errand, python("import time; time.sleep(60)"), 60)
        end = time.monotonic() + 20
        while not crew.busy and time.monotonic() < end:
            time.sleep(0.01)
        crew.stop()
        assert done.result(20).returncode == -signal.SIGTERM


def test_an_errand_has_an_end(tmp_path: Path) -> None:
    """A command that hangs is ended and said to have taken too long."""
    with Crew(tmp_path) as crew, pytest.raises(Unavailable, match="took more than"):
        crew.errand(python("import time; time.sleep(60)"), 0.2)


def test_the_environment_is_added_to(tmp_path: Path) -> None:
    """A process keeps this one's environment and gets its own variables."""
    with Crew(tmp_path) as crew:
        code = "import os, time; print(os.environ['X'], 'PATH' in os.environ); time.sleep(60)"
        child = crew.start("one", python(code), {"X": "y"})
        crew.wait_for(lambda: bool(child.last_lines()), "nothing said", 20)
        assert child.last_lines() == ["y True"]
        assert child.process.pid == os.getpgid(child.process.pid)


def test_free_ports_differ_and_are_free() -> None:
    """Ports given are different, and taken only once somebody listens."""
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert not listening(ports[0])
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports[0]))
        server.listen()
        assert listening(ports[0])
