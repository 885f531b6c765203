"""`voiceassist hub editions`: signed editions out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.dashboard.view import utc
from hub.editions.schemas import EditionView
from hub.settings import DEFAULT_CONFIG
from voiceassist.console import out, print_json
from voiceassist.knowledge.editions.carrier import write_carrier

app = group()


@app.callback()
def editions() -> None:
    """The clinic's editions."""


@app.command()
def publish(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Publish all that is indexed. A running hub tells the rooms within a second."""
    with opened(config) as rooms:
        view = rooms.editions.publish(ACTOR)
    _report(view, as_json=as_json)


@app.command()
def rollback(
    version: Annotated[int, typer.Argument(min=1, help="The edition whose content comes back.")],
    *,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Publish again, under a new version, what an earlier edition held."""
    with opened(config) as rooms:
        view = rooms.editions.publish(ACTOR, like=version)
    _report(view, as_json=as_json)


@app.command()
def export(
    *,
    target: Annotated[Path, typer.Option("--out", help="The file to write.")],
    version: Annotated[
        int | None, typer.Option(min=1, help="Which edition; the newest where none is named.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Write an edition to one file, for rooms that no network reaches."""
    with opened(config) as rooms:
        editions = rooms.editions
        published = editions.current() if version is None else editions.edition(version)
        write_carrier(
            target,
            manifest=published.envelope.to_json(),
            keys=editions.key_chain(0),
            packs=editions.packs_of(published),
            read=lambda ref: rooms.packs.get(ref.sha256),
        )
    if as_json:
        size = target.stat().st_size
        print_json({"edition": published.view.version, "file": str(target), "bytes": size})
        return
    out.print(f"edition {published.view.version} is in {target}", markup=False, soft_wrap=True)
    out.print("in a room: voiceassist appliance library import FILE", markup=False)


@app.command(name="list")
def listing(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """What was published, newest first."""
    with opened(config) as rooms:
        views = rooms.editions.listing()
    if as_json:
        print_json([view.model_dump(mode="json") for view in views])
        return
    table = Table("version", "published", "good until", "documents", "passages")
    for view in views:
        published, until = utc(view.created_s * 1000), utc(view.expires_s * 1000)
        table.add_row(str(view.version), published, until, str(view.documents), str(view.passages))
    out.print(table)


def _report(view: EditionView, *, as_json: bool) -> None:
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        out.print(
            f"edition {view.version}: {view.documents} documents, {view.passages} passages, "
            f"good until {utc(view.expires_s * 1000)}"
        )
