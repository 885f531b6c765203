"""`voiceassist bench faults`: many lives of a room's library, each replayable by its seed."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from appliance.bench.faults.simulate import Life, live, scratch_parent
from voiceassist.console import err, out, print_json
from voiceassist.errors import VoiceAssistError

_SHOWN = 5


class PromiseBroken(VoiceAssistError):
    """A room did what it must never do."""


def faults(
    runs: Annotated[int, typer.Option(min=1, help="So many lives, of seeds in a row.")] = 1000,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Let rooms follow a simulated hub through kills, lost power, full disks and a lying network.

    A failure prints its seed and what happened; `--seed N --runs 1` lives it again.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="voiceassist-", dir=scratch_parent()) as scratch:
        seeds = range(seed, seed + runs)
        lives = (live(one, Path(scratch)) for one in seeds)
        figures, failed = _summed(track(lives, "living", runs, console=err, transient=True))
    figures["seconds"] = round(time.perf_counter() - began, 1)
    figures["load_average"] = round(os.getloadavg()[0], 1)
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            out.print(f"{name:16} {value}", markup=False, soft_wrap=True)
    for life in failed[:_SHOWN]:
        err.print("\n".join([f"seed {life.seed}: {life.failure}", *life.log]), markup=False)
    if failed:
        raise PromiseBroken(
            f"{len(failed)} of {runs} lives broke a promise; "
            f"look into `voiceassist bench faults --runs 1 --seed {failed[0].seed}`"
        )


def _summed(lives: Any) -> tuple[dict[str, Any], list[Life]]:
    steps, runs, happened, failed = 0, 0, Counter[str](), []
    for life in lives:
        runs, steps = runs + 1, steps + life.steps
        happened += life.faults
        if life.failure:
            failed.append(life)
    figures: dict[str, Any] = {
        "runs": runs,
        "steps": steps,
        "failed": {str(life.seed): life.failure for life in failed},
        "faults": dict(sorted(happened.items())),
    }
    return figures, failed
