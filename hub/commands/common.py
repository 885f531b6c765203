"""What the command groups share: opening the hub's data, and who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hub.settings import load
from hub.wiring import Rooms, open_rooms

ACTOR = "command-line"  # whoever may read data_dir; the audit trail can't tell them apart

Config = Annotated[Path, typer.Option("--config", help="The hub's settings.")]
Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@contextmanager
def opened(config: Path) -> Iterator[Rooms]:
    """The hub's rooms, beside a running hub or without one."""
    rooms = open_rooms(load(config))
    try:
        yield rooms
    finally:
        rooms.close()


def group() -> typer.Typer:
    """A command group in the form that all of them have."""
    return typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
