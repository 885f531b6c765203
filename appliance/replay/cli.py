"""`voiceassist appliance recordings`: open what a room kept, and take its turns again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from appliance.replay.keeping import unpacked
from appliance.replay.replay import Difference, replay
from appliance.replay.sealed import private_key, unseal
from appliance.replay.tape import Tape
from voiceassist.console import out, print_json
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.errors import BadInput
from voiceassist.phi.policy import PhiPolicy

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

_Key = Annotated[Path, typer.Option(help="The private key that the room sealed for.")]
_Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Sealed recordings.")]


@app.callback()
def recordings() -> None:
    """What a room kept of its turns, where somebody consented."""


@app.command("open")
def open_(
    files: _Files, key: _Key, *, to: Annotated[Path, typer.Option("--out", help="A folder.")]
) -> None:
    """Write each recording's tape, and its sound where it was kept, into a folder."""
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in files:
        tape, sound = _opened(file, key)
        (to / f"{file.stem}.json").write_text(tape.model_dump_json(indent=2), encoding="utf-8")
        if sound:
            (to / f"{file.stem}.flac").write_bytes(sound)
        out.print(f"{file.stem}: {len(tape.turns)} turn{', with sound' if sound else ''}")


@app.command("replay")
def replay_(
    files: _Files,
    key: _Key,
    *,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Take the turns again, in their order; exit status 1 where one decides otherwise."""
    tapes = [_opened(file, key)[0] for file in sorted(files)]
    tape = tapes[0].model_copy(update={"turns": tuple(t for one in tapes for t in one.turns)})
    found = asyncio.run(replayed(tape, profile))
    if as_json:
        rows = [
            {"turn": one.turn_id, "what": one.what, "taped": one.taped, "now": one.now}
            for one in found
        ]
        print_json({"turns": len(tape.turns), "same": not found, "differences": rows})
    else:
        for one in found:
            line = f"{one.turn_id}: {one.what} was {one.taped!r}, is {one.now!r}"
            out.print(line, markup=False, soft_wrap=True)
        out.print(f"{len(tape.turns)} turns, {len(found)} differences")
    if found:
        raise typer.Exit(1)


async def replayed(tape: Tape, profile: str) -> list[Difference]:
    """The differences, by the room's own gate."""
    from voiceassist.phi.build import build_gate  # noqa: PLC0415 - Presidio: not for `open`

    classifier = Engines(load_profile(profile), default_store()).phi_classifier()
    return await replay(tape, build_gate(PhiPolicy.model_validate(tape.room.phi), classifier))


def _opened(file: Path, key: Path) -> tuple[Tape, bytes]:
    try:
        sealed = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}; name a sealed recording") from error
    return unpacked(unseal(sealed, file.name, private_key(key)))
