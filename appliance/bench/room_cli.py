"""`voiceassist bench room`."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from appliance.adapters.speakers import NullSpeaker
from appliance.bench import chain, clips, first_word
from appliance.bench import room as rounds
from appliance.bench.clips import Clip
from appliance.bench.figures import asked, composed, spoken
from appliance.bench.measure import QUESTIONS, Row
from appliance.bench.session import session
from appliance.bench.turns import read_rows
from appliance.rules.commands import Command, command_of
from appliance.settings import without_file
from appliance.wiring import Room, build_room, clock
from voiceassist.console import err, out, print_json
from voiceassist.errors import WrongUse

_MADE = ("stop", "repeat that", "say that again", "stop talking")


def room(
    turns: Annotated[Path, typer.Option(help="Recordings, and a manifest.jsonl about them.")],
    edition: Annotated[Path, typer.Option(help="A folder of `knowledge build`.")],
    *,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    gapless: Annotated[int, typer.Option(min=0, help="Calls without a gap to hear.")] = 90,
    over: Annotated[int, typer.Option(min=0, help="Questions whose answers are spoken over.")] = 8,
    questions: Annotated[
        int, typer.Option(min=0, help="Questions heard out, and asked of the chain.")
    ] = 16,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """A live room in real time: composed answers against a chain of the same models, "stop" and
    "repeat", silence when it is spoken over, first words, and whether the stages' times add up.

    Microphone and speaker are a clock's: what a sound card adds is left out. 10 to 15 minutes.
    """  # noqa: D205 - Typer shows both parts
    rows = [row for row in read_rows(turns) if row.kind in QUESTIONS][:questions]
    with tempfile.TemporaryDirectory(prefix="voiceassist-") as scratch:
        with err.status("loading") as status:
            settings = without_file(Path(scratch), profile)
            ready = build_room(settings, NullSpeaker(clock), status.update, edition)
        load = os.getloadavg()[0]
        try:
            figures = asyncio.run(_measured(ready, turns, rows, gapless, over))
        finally:
            ready.close()
    figures |= {"load_average": [round(one, 2) for one in (load, os.getloadavg()[0])]}
    figures["cores"] = os.cpu_count()
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:24} {value}", markup=False, soft_wrap=True)


async def _measured(
    room: Room, turns: Path, rows: Sequence[Row], gapless: int, over: int
) -> dict[str, Any]:
    recorded = [clips.recorded(turns, row) for row in rows]
    figures: dict[str, Any] = {}
    async with session(room) as here:
        heard_out = [await rounds.ask(here, clip) for clip in _shown(recorded, "asking")]
    figures["asked"] = asked(heard_out)
    chained = [
        await chain.first_audio_ms(room, clip, row.wake_end_s)
        for row, clip in zip(rows, _shown(recorded, "the chain"), strict=True)
    ]
    figures["composed"] = composed(heard_out, chained)
    figures["over_an_answer"] = spoken(await _over(room, turns, recorded[:over]))
    joined = list(clips.without_gap(turns, read_rows(turns)))
    random.Random(1).shuffle(joined)  # noqa: S311 - the same draw each time
    taken = [await first_word.hear(room, clip) for clip in _shown(joined[:gapless], "first words")]
    figures["first_word"] = first_word.summary(taken)
    return figures


async def _over(room: Room, turns: Path, questions: Sequence[Clip]) -> list[rounds.Spoken]:
    """Each answer is spoken over three times: "repeat" twice, and then "stop"."""
    known = list(_commands(turns))
    voice = room.engines.tts()
    try:
        known += [clips.made(text, voice) for text in _MADE]
    finally:
        voice.close()
    stops = [one for one in known if command_of(one.text) is Command.STOP]
    repeats = [one for one in known if command_of(one.text) is Command.REPEAT]
    if not (stops and repeats):
        raise WrongUse("the recordings hold neither stop nor repeat; name others with --turns")
    found: list[rounds.Spoken] = []
    async with session(room) as here:
        for number, question in enumerate(_shown(questions, "speaking over answers")):
            if not await rounds.begin(here, question):
                continue
            said = (repeats[again % len(repeats)] for again in (2 * number, 2 * number + 1))
            found += [await rounds.repeat(here, one) for one in said]
            found.append(await rounds.stop(here, stops[number % len(stops)]))
    return found


def _commands(turns: Path) -> Iterator[Clip]:
    for row in read_rows(turns):
        if row.kind == "command":
            yield clips.behind_call(turns, row)


def _shown(items: Sequence[Clip], what: str) -> Iterator[Clip]:
    yield from track(items, what, len(items), console=err, transient=True)
