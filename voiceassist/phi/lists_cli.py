"""`voiceassist phi lists`: the clinic's own names as salted hashes, and its formulary."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from voiceassist.console import err, out, print_json
from voiceassist.errors import BadInput, WrongUse
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lists import SALT_BYTES, Made, Sources, make_lists, write_lists

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.callback()
def lists() -> None:
    """The clinic's own lists of patients, staff and places, and its formulary."""


@app.command()
def make(
    *,
    target: Annotated[Path, typer.Option("--out", help="the list file to write, mode 0600")],
    patients: Annotated[Path | None, typer.Option(help="one name a line")] = None,
    staff: Annotated[Path | None, typer.Option(help="one name a line")] = None,
    places: Annotated[Path | None, typer.Option(help="one name a line")] = None,
    formulary: Annotated[Path | None, typer.Option(help="one drug a line")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Make the list file from plain text or one-column CSV; no name stands in it in clear."""
    if patients is staff is places is formulary is None:
        raise WrongUse("no list is named; give --patients, --staff, --places or --formulary")
    sources = Sources(
        patients=_lines(patients), staff=_lines(staff), places=_lines(places),
        formulary=_lines(formulary),
    )  # fmt: skip
    with err.status("hashing"):
        made = make_lists(sources, secrets.token_bytes(SALT_BYTES), load_lexicon())
        write_lists(target, made.data)
    if as_json:
        print_json({"file": str(target), **made.counts, "unused": list(made.unused)})
    else:
        _tell(target, made)


def _tell(target: Path, made: Made) -> None:
    counts = ", ".join(f"{count} {source}" for source, count in made.counts.items())
    out.print(f"{target}: {counts}", markup=False, soft_wrap=True)
    if made.unused:
        err.print(
            "not used, because a place made of words for any clinic would hold every question, and "
            f"a drug that is a name would free a person: {', '.join(made.unused)}",
            markup=False,
            soft_wrap=True,
        )
    out.print("name it as `lists` in the PHI policy of rooms and hub, and restart them")


def _lines(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        return tuple(path.read_text("utf-8-sig").splitlines())
    except OSError as error:
        raise WrongUse(f"{path} can't be read ({error.strerror}); name another file") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8; save it as UTF-8") from error
