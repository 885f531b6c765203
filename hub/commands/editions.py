"""`voiceassist hub editions`: signed editions out."""

from __future__ import annotations

from rich.table import Table

from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.dashboard.view import utc
from hub.settings import DEFAULT_CONFIG
from voiceassist.console import out, print_json

app = group()


@app.callback()
def editions() -> None:
    """The clinic's editions."""


@app.command()
def publish(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Publish all that is indexed. A running hub tells the rooms within a second."""
    with opened(config) as rooms:
        view = rooms.editions.publish(ACTOR)
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        out.print(
            f"edition {view.version}: {view.documents} documents, {view.passages} passages, "
            f"good until {utc(view.expires_s * 1000)}"
        )


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
