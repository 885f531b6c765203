"""`voiceassist appliance library`: the room's library by hand, where no network brings it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from appliance.settings import DEFAULT_CONFIG, load
from appliance.wiring import open_editions
from voiceassist.console import err, out, print_json
from voiceassist.contract.edition import Manifest
from voiceassist.errors import Unavailable
from voiceassist.knowledge.editions.carrier import CarrierSource
from voiceassist.knowledge.editions.store import manifest_at
from voiceassist.knowledge.editions.update import update

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

_Config = Annotated[Path, typer.Option("--config", help="The room's settings.")]
_Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@app.callback()
def library() -> None:
    """The room's library."""


@app.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(help="What `voiceassist hub editions export` wrote.")],
    *,
    config: _Config = DEFAULT_CONFIG,
    as_json: _Json = False,
) -> None:
    """Verify an exported edition and install it; a running room takes it up within a minute."""
    settings = load(config)
    with CarrierSource(file) as source:
        store = open_editions(settings)
        before = store.current()
        with err.status("verifying and installing"):
            update(store, source, now_s=int(time.time()))
        installed = store.current()
    if installed is None:
        raise Unavailable(f"{file} brought no edition; export it again")
    _show(installed.manifest, as_json=as_json, new=installed is not before)


@app.command()
def show(*, config: _Config = DEFAULT_CONFIG, as_json: _Json = False) -> None:
    """Which edition this room holds; exit status 1 where it holds none."""
    held = manifest_at(load(config).data_dir / "library")
    if held is None:
        raise Unavailable("this room holds no library yet; publish one on the hub, or import one")
    _show(held, as_json=as_json)


def _show(held: Manifest, *, as_json: bool, new: bool | None = None) -> None:
    expired = held.expired(int(time.time()))
    if as_json:
        told = {
            "edition": held.version,
            "documents": held.documents,
            "passages": held.passages,
            "created_s": held.created_s,
            "expires_s": held.expires_s,
            "expired": expired,
            "keys": held.keys,
            "state_root": held.state_root,
        }
        print_json(told if new is None else {"installed": new, **told})
        return
    day = time.strftime("%Y-%m-%d", time.gmtime(held.expires_s))
    state = f"expired on {day}; publish a new one on the hub" if expired else f"good until {day}"
    was = " (was here already)" if new is False else ""
    out.print(f"edition {held.version}{was}: {held.documents} documents, {state}", markup=False)
