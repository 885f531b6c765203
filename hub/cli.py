"""`voiceassist hub`: make a clinic's hub, run it, and work with its library and rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.audit.schemas import Why
from hub.commands import documents, editions, keys, rooms, setup, users
from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.serve import serve
from hub.settings import DEFAULT_CONFIG, load
from voiceassist.console import out, print_json

app = group()
app.add_typer(documents.app, name="documents")
app.add_typer(editions.app, name="editions")
app.add_typer(keys.app, name="keys")
app.add_typer(rooms.app, name="rooms")
app.add_typer(users.app, name="users")

NewCode = Annotated[bool, typer.Option("--new-code", help="Print a new setup code.")]
Out = Annotated[Path, typer.Option("--out", help="The folder to write.")]
At = Annotated[Path | None, typer.Option("--at", help="Where the broker will read the folder.")]
Data = Annotated[Path | None, typer.Option("--data", help="Where the broker keeps messages.")]
RunAs = Annotated[str, typer.Option("--run-as", help="The user that the broker becomes.")]


@app.callback()
def hub() -> None:
    """One clinic's hub."""


@app.command()
def init(
    *, config: Config = DEFAULT_CONFIG, new_code: NewCode = False, as_json: Json = False
) -> None:
    """Make what lacks: authority, certificates, signing keys, database, one-time setup code."""
    report = setup.initialise(config, new_code=new_code)
    if as_json:
        print_json(report)
        return
    made = ", ".join(map(str, report["made"])) if isinstance(report["made"], list) else ""
    out.print(f"The hub of clinic {report['clinic']} is ready at {report['url']}", markup=False)
    out.print(f"made: {made or 'nothing, all was there'}", markup=False)
    out.print(f"authority for browsers and machines: {report['ca']}", markup=False, soft_wrap=True)
    if report["setup_code"]:
        out.print(f"setup code, good once: [bold]{report['setup_code']}[/bold]")
        out.print(f"start the hub, open {report['url']}/setup and enter it", markup=False)
    elif report["needs_setup"]:
        out.print("a setup code waits already; --new-code prints another")


@app.command()
def run(*, config: Config = DEFAULT_CONFIG) -> None:
    """Serve HTTPS until SIGTERM or Ctrl-C; goes on without broker, model or cloud."""
    serve(load(config))


@app.command()
def restored(
    *,
    why: Annotated[Why, typer.Option(help="What happened, for the audit trail.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say, before it is started, that this hub was put back from a copy.

    Rooms refuse a hub whose audit log is shorter than the one they were told of. This begins a new
    log behind what the copy has: rooms enter that, believe it, and send again what was lost.
    """
    with opened(config) as rooms:
        number = rooms.audit.restored(actor=ACTOR, why=why)
    out.print(f"audit log {number} begins; start the hub")


@app.command(name="broker-config")
def broker_config(
    *,
    target: Out,
    config: Config = DEFAULT_CONFIG,
    at: At = None,
    data: Data = None,
    run_as: RunAs = "",
    as_json: Json = False,
) -> None:
    """Write Mosquitto's configuration, access list and certificates; start it with -c."""
    changed = setup.write_broker(config, target, at=at, data=data, run_as=run_as)
    if as_json:
        print_json({"folder": str(target), "changed": changed})
    else:
        out.print(f"{target}: {', '.join(changed) or 'nothing changed'}", markup=False)
