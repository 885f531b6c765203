"""The demonstration's processes: started in groups of their own, watched, stopped in order.

Law: only what was started here is ever signalled, by the process group that it leads. A
process that ends before it is told to is a failure, with the last lines of its log.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from voiceassist.errors import Unavailable

STOP_S = 10.0
_SHOWN_LINES = 8
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Child:
    """One process and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self, count: int = _SHOWN_LINES) -> list[str]:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if line.strip()][-count:]


class Crew:
    """All processes of one demonstration; `with` stops them, the last started first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._errands: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        """The crew itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop what runs."""
        self.stop()

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start `command`; its output goes to `<logs>/<name>.log`. Raises `Unavailable`."""
        log = self._logs / f"{name}.log"
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 - commands of this package, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env={**os.environ, **(environment or {})},
                )
        except OSError as error:
            raise Unavailable(
                f"the {name} can't be started: {command[0]}: {error.strerror}; install it"
            ) from error
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def errand(self, command: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end and return what it printed; stopping the crew ends it, too.

        Raises `Unavailable` after `limit_s`.
        """
        with subprocess.Popen(  # noqa: S603 - commands of this package, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            self._errands.append(process)
            try:
                printed, told = process.communicate(timeout=limit_s)
            except BaseException as error:  # Ctrl-C as well: nothing is left behind
                _signal(process, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Unavailable(
                        f"a command took more than {limit_s:.0f} s; is the machine busy? try again"
                    ) from error
                raise
            finally:
                self._errands.remove(process)
        return subprocess.CompletedProcess(command, process.returncode, printed, told)

    def check(self) -> None:
        """Raise `Unavailable` for a process that has ended, saying how and where it told why."""
        for child in self._children:
            status = child.process.poll()
            if status is not None:
                raise Died(child, status)

    def wait_for(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Poll `ready`, watching every process; raises `Unavailable` after `seconds`."""
        end = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise Unavailable(
                    f"{what} after {seconds:.0f} s; look into {self._logs} and try again"
                )
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """SIGTERM to each group, last started first; SIGKILL to what is left after `STOP_S`."""
        for errand in tuple(self._errands):
            _signal(errand, signal.SIGTERM)
        while self._children:
            process = self._children.pop().process
            _signal(process, signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
            _signal(process, signal.SIGKILL)  # what its group may have left behind

    @property
    def busy(self) -> bool:
        """Whether an errand is under way."""
        return bool(self._errands)

    @property
    def running(self) -> tuple[Child, ...]:
        """What was started and not stopped."""
        return tuple(self._children)


class Died(Unavailable):
    """A process ended by itself; `lines` is the end of its log but for the last, its reason."""

    retryable = False

    def __init__(self, child: Child, status: int) -> None:
        how = f"with status {status}" if status >= 0 else f"by signal {-status}"
        *self.lines, last = child.last_lines() or ["it said nothing"]
        why = last.removeprefix("voiceassist: ")
        super().__init__(f"the {child.name} stopped {how}: {why} (log: {child.log})")


def _signal(leader: subprocess.Popen[Any], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, number)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all different."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def listening(port: int) -> bool:
    """Whether somebody accepts connections on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
