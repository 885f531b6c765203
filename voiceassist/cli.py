"""`voiceassist`: mounts the command groups that installed packages declare as entry points.

It imports neither machine. A group is loaded when it is asked for, so `voiceassist models`
does not pay for the hub, and works where only one extra is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from typer.main import get_command

from voiceassist import __version__
from voiceassist.console import out, run_command
from voiceassist.errors import WrongUse

_GROUP = "voiceassist.commands"


def main() -> None:
    """The console script."""
    sys.exit(run_command(lambda: dispatch(sys.argv[1:])))


def dispatch(arguments: list[str]) -> None:
    """Run the command group that `arguments` name; raises `VoiceAssistError`."""
    groups = {point.name: point for point in entry_points(group=_GROUP)}
    if not arguments or arguments[0] in {"-h", "--help"}:
        out.print(_overview(groups))
        return
    name, *rest = arguments
    if name == "--version":
        out.print(f"voiceassist {__version__}")
        return
    if rest and f"{name}.{rest[0]}" in groups:  # of another package than the rest of its group
        _load(groups[f"{name}.{rest[0]}"])(rest[1:], prog_name=f"voiceassist {name} {rest[0]}")
        return
    if name not in groups:
        raise WrongUse(f"no command {name!r}; there are: {', '.join(sorted(groups))}")
    _load(groups[name])(rest, prog_name=f"voiceassist {name}")


def _load(point: EntryPoint) -> Callable[..., object]:
    try:
        app = point.load()
    except ModuleNotFoundError as error:
        extra = "hub" if point.module.startswith("hub.") else "appliance"
        raise WrongUse(
            f"'voiceassist {point.name}' needs {error.name}, which is not installed; "
            f"install voiceassist[{extra}]"
        ) from error
    return get_command(app)


def _overview(groups: dict[str, EntryPoint]) -> str:
    names = "\n".join(f"  voiceassist {name.replace('.', ' ')} --help" for name in sorted(groups))
    return f"VoiceAssist {__version__}: an on-prem voice assistant for clinics.\n\n{names}"
