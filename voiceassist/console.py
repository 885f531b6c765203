"""How commands meet a person: results on standard output, progress and errors on the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from voiceassist.errors import VoiceAssistError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """One JSON document on one line, flushed, so that a pipe sees it at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def run_command(command: Callable[[], Any]) -> int:
    """Run `command`; an error that has a remedy becomes one line and its exit status."""
    try:
        command()
    except VoiceAssistError as error:
        err.print(f"voiceassist: {error}", markup=False, soft_wrap=True)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0
