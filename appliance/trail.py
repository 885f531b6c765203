"""`voiceassist appliance journal`: what this box recorded, and what it knows of the hub's log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from appliance.enrol import Identity, load_identity
from appliance.journal.journal import Journal
from appliance.settings import DEFAULT_CONFIG, load
from voiceassist.console import out, print_json
from voiceassist.errors import WrongUse
from voiceassist.timekeeping import SystemClock, boot_id

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

_Config = Annotated[Path, typer.Option(help="The room's settings.")]


@app.callback()
def journal() -> None:
    """The room's journal."""


@app.command()
def verify(
    *,
    config: _Config = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Read the whole journal: every hash, the box's own signature, the hub's last word."""
    with _opened(config) as (identity, opened):
        head, owed = opened.verify(identity.acks), opened.owed()
    if as_json:
        print_json({"box": head.box, "epoch": head.epoch, "entries": head.seq, "owed": owed})
    else:
        out.print(f"{head.box}: {head.seq} entries hold, {owed} of them owed to the hub")


@app.command()
def notes(*, config: _Config = DEFAULT_CONFIG) -> None:
    """Print the hub's signed notes on its log: what was refused, and the newest one believed.

    `voiceassist audit verify --witness FILE` holds them against the hub's log.
    """
    with _opened(config) as (_identity, opened):
        told = opened.witnessed()
    typer.echo("".join(told), nl=False)


@contextmanager
def _opened(config: Path) -> Iterator[tuple[Identity, Journal]]:
    settings = load(config)
    path = settings.data_dir / "journal.sqlite"
    if settings.identity_dir is None or not path.is_file():
        raise WrongUse(f"no enrolled room's journal at {path}; name the settings with --config")
    identity = load_identity(settings.identity_dir)
    found = Journal(path, identity.room, identity.signer, SystemClock(), boot_id())
    try:
        yield identity, found
    finally:
        found.close()
