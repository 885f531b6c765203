"""`voiceassist hub users`: accounts, for whoever looks after the machine."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.http import Person, Role
from hub.settings import DEFAULT_CONFIG
from hub.users.schemas import NewUser, Opened
from hub.wiring import Rooms
from voiceassist.console import out, print_json
from voiceassist.errors import WrongUse

app = group()

Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]
_MOST = 10_000
_ITSELF = Person(ACTOR, "", ACTOR)


@app.callback()
def users() -> None:
    """Accounts. Whoever may read data_dir may do this; the trail has it as the command line's."""


@app.command(name="list")
def listing(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Everyone with role and state."""
    with opened(config) as hub:
        found, _ = hub.users.listing(0, _MOST)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("e-mail", "name", "role", "state", "second factor")
    for one in found:
        table.add_row(
            one.email, one.name, one.role, one.state, "yes" if one.second_factor else "no"
        )
    out.print(table)


@app.command()
def add(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="What others see.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.CLINICIAN,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Make an account and print the code by which its owner sets a password."""
    with opened(config) as hub:
        made = hub.users.create(NewUser(email=email, name=name, role=role), _ITSELF)
    _tell(made, as_json=as_json)


@app.command()
def reset(email: Email, *, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Forget a person's password and second factor and print the code that opens it again."""
    with opened(config) as hub:
        made = hub.users.reset(_id_of(hub, email), _ITSELF)
    _tell(made, as_json=as_json)


def _id_of(hub: Rooms, email: str) -> str:
    found, _ = hub.users.listing(0, _MOST)
    for one in found:
        if one.email == email.lower():
            return one.id
    raise WrongUse(f"nobody has the address {email}; `voiceassist hub users list` shows all")


def _tell(made: Opened, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": made.user.id, "email": made.user.email, "code": made.code})
        return
    out.print(f"{made.user.email}, {made.user.role}: code [bold]{made.code}[/bold]")
    out.print(
        "good once, for three days: POST /api/v1/auth/redeem, or the page /redeem", markup=False
    )
