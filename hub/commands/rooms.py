"""`voiceassist hub rooms`: enrolment, and commands to rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.dashboard.view import utc
from hub.fleet.schemas import CommandOrder, EnrolRequest
from hub.settings import DEFAULT_CONFIG
from voiceassist.console import out, print_json
from voiceassist.contract.command import LONGEST_S, SHORTEST_S, Verb
from voiceassist.errors import BadInput, WrongUse

app = group()

Request = Annotated[Path, typer.Argument(help="The request.json that the box made.")]
Out = Annotated[Path, typer.Option("--out", help="Where to write the kit for the box.")]
Replace = Annotated[bool, typer.Option("--replace", help="The room's box was replaced.")]


@app.callback()
def rooms() -> None:
    """The clinic's rooms."""


@app.command()
def enrol(
    request: Request,
    *,
    kit: Out,
    config: Config = DEFAULT_CONFIG,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Register a room, certify its key and write its kit. Nothing in the kit is secret."""
    asked = _read(request)
    with opened(config) as hub:
        answer = hub.fleet.enrol(asked, ACTOR, replace=replace)
    try:
        kit.write_text(answer.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{kit} can't be written ({error.strerror}); name another --out") from error
    if as_json:
        print_json({"room": answer.room, "kit": str(kit)})
    else:
        out.print(f"room {answer.room} is enrolled; its kit is {kit}", markup=False)


@app.command(name="list")
def listing(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """The rooms with what each said of itself last."""
    with opened(config) as hub:
        views = hub.fleet.listing()
    if as_json:
        print_json([view.model_dump(mode="json") for view in views])
        return
    table = Table("room", "state", "edition", "owed", "last seen", "enrolled")
    for view in views:
        state = view.state
        shown = (state.status, str(state.edition), str(state.owed)) if state else ("never seen",)
        row = (*shown, "", "")[:3]
        table.add_row(view.room, *row, utc(view.seen_ms), utc(view.enrolled_ms))
    out.print(table)


@app.command()
def command(
    room: Annotated[str, typer.Argument(help="The room's name.")],
    verb: Annotated[Verb, typer.Argument(help="What it is to do.")],
    *,
    expires_in_s: Annotated[
        int,
        typer.Option("--expires-in", min=SHORTEST_S, max=LONGEST_S, help="Seconds it is good for."),
    ] = 300,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Order a room to do something. The running hub sends it; see `rooms commands` after."""
    with opened(config) as hub:
        order = CommandOrder(verb=verb, expires_in_s=expires_in_s)
        view = hub.commands.issue(room, order, ACTOR)
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        out.print(f"command {view.number} to {room}: the hub sends it now", markup=False)


@app.command()
def commands(
    room: Annotated[str, typer.Argument(help="The room's name.")],
    *,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """The newest commands to a room with what came of each."""
    with opened(config) as hub:
        views = hub.commands.listing(room, 0, 50)
    if as_json:
        print_json([view.model_dump(mode="json") for view in views])
        return
    table = Table("number", "verb", "issued", "outcome", "problem")
    for view in views:
        outcome = view.outcome.value if view.outcome else "waiting"
        table.add_row(str(view.number), view.verb, utc(view.issued_s * 1000), outcome, view.problem)
    out.print(table)


def _read(path: Path) -> EnrolRequest:
    try:
        return EnrolRequest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WrongUse(
            f"{path} can't be read ({error.strerror}); name the box's request"
        ) from error
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise BadInput(
            f"{path} is no enrolment request ({key or 'not JSON'}); make a new one on the box"
        ) from error
