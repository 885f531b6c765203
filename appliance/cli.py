"""`voiceassist appliance`: one room, run as a service or asked once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated

import typer

from appliance import enrol, library, trail
from appliance.adapters.speakers import NullSpeaker
from appliance.asking import Asked, ask_recordings, ask_words
from appliance.replay import cli as recordings
from appliance.settings import DEFAULT_CONFIG, ApplianceSettings, load, without_file
from appliance.turn import TurnRecord
from appliance.wiring import Room, build_room, clock
from voiceassist.console import err, out, print_json
from voiceassist.errors import WrongUse

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(enrol.app, name="enrol")
app.add_typer(library.app, name="library")
app.add_typer(trail.app, name="journal")
app.add_typer(recordings.app, name="recordings")


@app.callback()
def appliance() -> None:
    """One room: it listens, judges, looks up, answers."""


@app.command()
def run(
    *,
    config: Annotated[Path, typer.Option(help="The room's settings.")] = DEFAULT_CONFIG,
    feed: Annotated[
        Path | None,
        typer.Option(help="Hear recordings put in this folder."),
    ] = None,
    edition: Annotated[
        Path | None, typer.Option(help="A folder of `knowledge build`, in the hub's place.")
    ] = None,
) -> None:
    """Be the room until SIGTERM or Ctrl-C; goes on without hub and broker."""
    from appliance.service import serve  # noqa: PLC0415 - `ask` needs neither panel nor MQTT

    serve(load(config), feed, edition)


@app.command("panel-link")
def panel_link(
    *, config: Annotated[Path, typer.Option(help="The room's settings.")] = DEFAULT_CONFIG
) -> None:
    """Print the link that opens the room's panel in a browser; whoever has it may look on."""
    from appliance.panel.access import panel_token  # noqa: PLC0415 - the one command that needs it

    settings = load(config)
    panel = settings.panel
    scheme = "https" if panel.certificate else "http"
    host = f"[{panel.host}]" if ":" in panel.host else panel.host
    token = panel_token(settings.data_dir)
    out.print(f"{scheme}://{host}:{panel.port}/enter?token={token}", markup=False, soft_wrap=True)


@app.command()
def ask(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Recordings, or words.")],
    *,
    text: Annotated[bool, typer.Option("--text", help="Ask with words, not recordings.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a turn.")] = False,
    edition: Annotated[
        Path | None, typer.Option(help="A folder of `knowledge build` to answer from.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The room's settings.")] = None,
    profile: Annotated[str, typer.Option(help="The board, where no settings say.")] = "generic-x86",
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Keep the spoken answers here, as WAV.")
    ] = None,
    real_time: Annotated[
        bool, typer.Option("--real-time", help="Hear recordings as fast as they were spoken.")
    ] = False,
) -> None:
    """Take each recording through the room's pipeline; exit status 1 where one was no turn."""
    if out_dir is not None:
        _make(out_dir)
    with tempfile.TemporaryDirectory(prefix="voiceassist-") as scratch:
        settings = load(config) if config else without_file(Path(scratch), profile)
        room = _loaded(settings, edition)
        try:
            asked = (
                ask_words(room, files, out_dir)
                if text
                else ask_recordings(room, [Path(f) for f in files], out_dir, real_time=real_time)
            )
            failed = asyncio.run(_report(asked, as_json=as_json))
        finally:
            room.close()
    if failed:
        raise typer.Exit(1)


async def _report(asked: AsyncIterator[Asked], *, as_json: bool) -> bool:
    failed = False
    async for one in asked:
        if one.error is not None:
            failed = True
            err.print(f"voiceassist: {one.error}", markup=False, soft_wrap=True)
        elif one.turn is not None and as_json:
            print_json({"file": one.name, **one.turn.to_json()})
        elif one.turn is not None:
            _show(one.name, one.turn)
    return failed


def _show(name: str, turn: TurnRecord) -> None:
    heard = turn.heard or ("nothing" if turn.woke else "the wake word was not heard")
    kinds = ", ".join(item.kind.lower() for item in turn.verdict.items)
    verdict = f"held {kinds}".strip() if turn.verdict.held else "cleared"
    out.print(f"\n{name}: {heard}\n  {verdict}; {turn.route} ({turn.why})", markup=False)
    for sentence in turn.sentences:
        out.print(f"  {sentence.text}", markup=False)
    if turn.speech_end_to_first_audio is not None:
        spent = ", ".join(f"{name} {ms:.0f}" for name, ms in turn.timings.items())
        out.print(f"  {turn.speech_end_to_first_audio:.0f} ms to the first sound: {spent}")


def _loaded(settings: ApplianceSettings, edition: Path | None) -> Room:
    with err.status("loading") as status:
        say: Callable[[str], None] = status.update
        return build_room(settings, NullSpeaker(clock), say, edition)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"{folder} can't be made ({error.strerror}); name another --out") from error
