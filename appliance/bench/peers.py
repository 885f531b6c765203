"""`voiceassist bench peers`: how often exactly one of several boxes answers, and how soon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.progress import track

from appliance.bench.zones import Call, Trouble, calls
from voiceassist.console import err, out, print_json

TROUBLES: Mapping[str, Trouble] = {
    "steady": Trouble(),
    "loss_1_percent": Trouble(loss=0.01),
    "loss_10_percent": Trouble(loss=0.1),
    "loss_30_percent": Trouble(loss=0.3),
    "network_cut_in_two": Trouble(cut=True),
    "best_box_crashes": Trouble(crash=True),
}


def peers(
    boxes: Annotated[int, typer.Option(min=1, max=8, help="In one zone.")] = 5,
    runs: Annotated[
        int, typer.Option(min=20, help="Wake words for each kind of trouble.")
    ] = 20_000,
    seed: Annotated[int, typer.Option(help="Of all that goes wrong.")] = 1,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Share of wake words that exactly one box answers, on virtual time, and the time it takes.

    Boxes hear a word up to 0.35 s apart and notice it up to 1 s late; datagrams take up to 0.12 s,
    5% come twice. Signatures and sockets are left out.
    """
    figures: dict[str, Any] = {"boxes": boxes, "runs": runs, "seed": seed}
    for name, trouble in TROUBLES.items():
        taken = track(calls(boxes, runs, trouble, seed), name, runs, console=err, transient=True)
        figures[name] = summary(taken)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:20} {value}", markup=False, soft_wrap=True)


def summary(taken: Iterable[Call]) -> dict[str, Any]:
    """Shares of calls by how many answered, and milliseconds from a box's claim to its win.

    In a cut network one answer is due on each side on which the word was heard.
    """
    done = list(taken)
    over = [len(one.answers) - one.sides for one in done]
    added = sorted(wait for one in done for wait in one.added)
    return {
        "exactly_one": round(sum(one == 0 for one in over) / len(done), 6),
        "more": sum(one > 0 for one in over),
        "none": sum(not one.answers for one in done),
        "unsettled": sum(one.open for one in done),
        "best_answered": round(sum(one.best in one.answers for one in done) / len(done), 4),
        "decides_ms_p50": _at(added, 0.5),
        "decides_ms_p95": _at(added, 0.95),
    }


def _at(ordered: Sequence[float], share: float) -> float | None:
    """Milliseconds at `share` of the ordered seconds; None where there are none."""
    return round(ordered[int(share * (len(ordered) - 1))] * 1000, 1) if ordered else None
