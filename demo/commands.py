"""The product's own command line, as IT would type it, run to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from demo.processes import Crew
from voiceassist.errors import Unavailable, VoiceAssistError

_LIMIT_S = 300.0


def voiceassist(*arguments: object) -> list[str]:
    """The command `voiceassist …`, by this very Python."""
    main = "from voiceassist.cli import main; main()"
    return [sys.executable, "-c", main, *map(str, arguments)]


def run(crew: Crew, *arguments: object) -> str:
    """Run `voiceassist …` and return what it printed.

    Raises an error with the command's own line, which says what to do.
    """
    done = crew.errand(voiceassist(*arguments), _LIMIT_S)
    if done.returncode != 0:
        raise _failure(arguments, done)
    return done.stdout


def report(crew: Crew, *arguments: object) -> dict[str, Any]:
    """Run `voiceassist … --json` and return its document."""
    return dict(json.loads(run(crew, *arguments, "--json")))


def _failure(
    arguments: Sequence[object], done: subprocess.CompletedProcess[str]
) -> VoiceAssistError:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    why = lines[-1].removeprefix("voiceassist: ") if lines else f"status {done.returncode}"
    error = Unavailable(why if "voiceassist" in why else f"voiceassist {arguments[0]}: {why}")
    error.exit_status = done.returncode if done.returncode in {1, 2} else 1
    return error
