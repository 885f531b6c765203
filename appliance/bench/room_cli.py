"""`voiceassist bench room`."""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from appliance.adapters.speakers import NullSpeaker
from appliance.bench import room as rounds
from appliance.bench.chained import chained
from appliance.bench.clips import Clip, made, recorded, without_gap
from appliance.bench.measure import QUESTIONS
from appliance.bench.session import Session, session
from appliance.bench.turns import read_rows
from appliance.settings import without_file
from appliance.wiring import Room, build_room, clock
from voiceassist.console import err, out, print_json


def room(
    turns: Annotated[Path, typer.Option(help="Recordings, and a manifest.jsonl about them.")],
    *,
    edition: Annotated[Path | None, typer.Option(help="A folder of `knowledge build`.")] = None,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    commands: Annotated[int, typer.Option(min=1, help="So many of each command.")] = 12,
    joined: Annotated[int, typer.Option(min=1, help="Questions without a gap.")] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """The live room in real time: first sounds, commands over answers, first words, stage times.

    Microphone and speaker go by one clock, and what devices add is left out. Recorded voices ask;
    the board's own voice says "stop" and "repeat that". The chain runs the same models on the same
    questions, one after another.
    """
    with tempfile.TemporaryDirectory(prefix="voiceassist-") as scratch:
        with err.status("loading") as status:
            settings = without_file(Path(scratch), profile)
            ready = build_room(settings, NullSpeaker(clock), status.update, edition)
        try:
            with err.status("in the room"):
                figures = asyncio.run(_measured(ready, turns, commands, joined))
        finally:
            ready.close()
    figures |= {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1)}
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:32} {value}", markup=False, soft_wrap=True)


async def _measured(ready: Room, turns: Path, commands: int, joined: int) -> dict[str, Any]:
    rows = [row for row in read_rows(turns) if row.kind in QUESTIONS]
    clips = [recorded(turns, row) for row in rows]
    engine = ready.engines.tts()
    stop, again = made("stop", engine), made("repeat that", engine)
    engine.close()
    async with session(ready) as here:
        asked = [await rounds.ask(here, clip) for clip in clips]
        answered = [clip for clip, one in zip(clips, asked, strict=True) if one.found]
        some = itertools.cycle(answered)
        stops = [await rounds.stop(here, stop) for _ in range(commands) if await _amid(here, some)]
        repeats = [
            await rounds.repeat(here, again, over=True)
            for _ in range(commands)
            if await _amid(here, some)
        ]
        await here.quiet()
        close = list(without_gap(turns, rows))[:joined]
        kept = [await rounds.first_word(here, clip) for clip in close]
    chain = [await chained(ready, clip) for clip in answered[:6]]
    return _figures(asked, stops, repeats, kept, chain)


async def _amid(here: Session, answered: Iterator[Clip]) -> bool:
    """Whether an answer is being heard now; a second one is tried."""
    return await rounds.begin(here, next(answered)) or await rounds.begin(here, next(answered))


def _figures(
    asked: Sequence[rounds.Asked],
    stops: Sequence[rounds.Spoken],
    repeats: Sequence[rounds.Spoken],
    kept: Sequence[bool],
    chain: Sequence[tuple[float, bool]],
) -> dict[str, Any]:
    found = [one for one in asked if one.found and one.first_audio_ms is not None]
    first = [one.first_audio_ms for one in found if one.first_audio_ms is not None]
    composed = [one.first_audio_ms for one in found if one.composed and one.first_audio_ms]
    ledger = [one.ledger_ms for one in asked if one.ledger_ms is not None]
    over = (*stops, *repeats)
    whole = [ms for ms, made_one in chain if made_one]
    figures: dict[str, Any] = {
        "questions": len(asked),
        "woke": sum(one.woke for one in asked),
        "answered": len(found),
        "first_audio_ms": _spread(first),
        "composed": len(composed),
        "composed_first_audio_ms": _spread(composed),
        "chained_first_audio_ms": _spread(whole),
        "ledger_off_ms": _spread(ledger),
        "commands": len(over),
        "obeyed": sum(one.obeyed for one in over),
        "stop_ms": _spread([one.effect_ms for one in stops if one.effect_ms is not None]),
        "repeat_ms": _spread([one.effect_ms for one in repeats if one.effect_ms is not None]),
        "silent_after_ms": _spread([one.silent_ms for one in over if one.silent_ms is not None]),
        "without_gap": len(kept),
        "first_words_kept": sum(kept),
    }
    if whole and first:
        figures["chained_by_ours"] = round(statistics.median(whole) / statistics.median(first), 1)
    return figures


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst; empty for nothing."""
    if not values:
        return {}
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered)),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]),
        "worst": round(ordered[-1]),
    }
