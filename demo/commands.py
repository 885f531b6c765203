"""The product's own command line, as IT would type it, run to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from voiceassist.errors import Unavailable, VoiceAssistError

_LIMIT_S = 300.0


def voiceassist(*arguments: object) -> list[str]:
    """The command `voiceassist …`, by this very Python."""
    main = "from voiceassist.cli import main; main()"
    return [sys.executable, "-c", main, *map(str, arguments)]


def run(*arguments: object) -> str:
    """Run `voiceassist …` and return what it printed.

    Raises an error with the command's own line, which says what to do.
    """
    try:
        done = subprocess.run(  # noqa: S603 - commands of this package, no shell
            voiceassist(*arguments), capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            f"voiceassist {arguments[0]} took more than {_LIMIT_S:.0f} s; is the machine busy?"
        ) from error
    if done.returncode != 0:
        raise _failure(arguments, done)
    return done.stdout


def report(*arguments: object) -> dict[str, object]:
    """Run `voiceassist … --json` and return its last document."""
    printed = run(*arguments, "--json")
    value = json.loads(printed.strip().splitlines()[-1])
    return value if isinstance(value, dict) else {"items": value}


def _failure(
    arguments: Sequence[object], done: subprocess.CompletedProcess[str]
) -> VoiceAssistError:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    why = lines[-1].removeprefix("voiceassist: ") if lines else f"status {done.returncode}"
    error = Unavailable(why if "voiceassist" in why else f"voiceassist {arguments[0]}: {why}")
    error.exit_status = done.returncode if done.returncode in {1, 2} else 1
    return error
