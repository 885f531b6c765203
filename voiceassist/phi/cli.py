"""`voiceassist phi`: judge, explain and measure."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar

import typer
from rich.progress import track

from voiceassist.console import err, out, print_json
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Held, Verdict
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.errors import BadInput, VoiceAssistError
from voiceassist.phi.build import build_gate, build_second_judge
from voiceassist.phi.evaluate import Machine, every_finding, judge_rows, report, under
from voiceassist.phi.explain import explain
from voiceassist.phi.figures import as_table
from voiceassist.phi.gate import Gate
from voiceassist.phi.kinds_cli import kinds
from voiceassist.phi.labelled import corpus, read_rows
from voiceassist.phi.lists_cli import app as lists_app
from voiceassist.phi.plot import check_plot, write_plot
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.settings import load_policy
from voiceassist.phi.split import Part

_Model = TypeVar("_Model")
_BOARD = "generic-x86"  # these models are the same on every board
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(lists_app, name="lists")
app.command("kinds")(kinds)

PolicyFile = Annotated[Path | None, typer.Option("--policy", help="a TOML file of the policy")]
Second = Annotated[bool, typer.Option("--second", help="ask the hub's second judge")]


@app.callback()
def main() -> None:
    """The PHI gate: what may leave the room, and why not."""


@app.command()
def check(policy: PolicyFile = None, *, second: Second = False) -> None:
    """Read JSON lines {"id","text"}; write a verdict for each, in order, as they come.

    A line without a text is held, too; the exit status is then 1.
    """
    gate = _gate(policy, second=second)
    lines, bad = 0, 0
    for row in _lines(sys.stdin.buffer):
        begin = time.perf_counter()
        text = row.get("text")
        verdict: Verdict = (
            gate.judge(Transcript(text, confidence=1.0))
            if isinstance(text, str)
            else Held("", reasons=("error",))
        )
        spent = (time.perf_counter() - begin) * 1000
        _answer({"id": _id(row), **_shown(verdict), "ms": round(spent, 2)})
        lines, bad = lines + 1, bad + (not isinstance(text, str))
    if bad:
        raise BadInput(
            f"{bad} of {lines} lines had no text to judge and are held; "
            "give {'id', 'text'} on each line"
        )


@app.command("explain")
def explain_text(
    text: str,
    policy: PolicyFile = None,
    *,
    second: Second = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show what in TEXT holds it, with kind, place, score and recogniser."""
    verdict = _gate(policy, second=second).judge(Transcript(text, confidence=1.0))
    if as_json:
        print_json({**_shown(verdict), "reasons": list(verdict.reasons)})
    else:
        out.print(explain(verdict))


@app.command("eval")
def evaluate_files(
    positive: Annotated[Path, typer.Option(help="JSON lines that hold PHI")],
    negative: Annotated[Path, typer.Option(help="JSON lines free of it")],
    field: Annotated[str, typer.Option(help="the field to judge: text or stt")] = "text",
    part: Annotated[Part, typer.Option(help="the part to tune on, or to report on")] = "all",
    items: Annotated[
        Path | None, typer.Option(help="single items, to find the places of spoken ones")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="draw the trade-off as thresholds move (FILE.svg)")
    ] = None,
    policy: PolicyFile = None,
    *,
    second: Second = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measure recall, right reasons, false alarms by source, and latency."""
    load = os.getloadavg()[0]
    rows = corpus(
        read_rows(positive),
        read_rows(negative),
        field=field,
        part=part,
        items=read_rows(items) if items else (),
    )
    chosen = load_policy(policy) if policy else PhiPolicy()
    if plot is not None:
        check_plot(plot, second=second)
    gate = _gate_of(every_finding(chosen) if plot else chosen, second=second)
    judged = list(judge_rows(gate, track(rows.rows, "judging", console=err, transient=True)))
    if plot is not None:
        write_plot(plot, judged, chosen)
        judged = [under(one, chosen) for one in judged]
    figures = report(judged, rows, _machine(load))
    if as_json:
        print_json(figures.as_json())
    else:
        out.print(as_table(figures))


def _machine(load: float) -> Machine:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Machine(
        load_average=round(load, 2), cores=os.cpu_count() or 1, peak_mb=round(peak_mb, 1)
    )


def _gate(policy: Path | None, *, second: bool) -> Gate:
    return _gate_of(load_policy(policy) if policy else PhiPolicy(), second=second)


def _gate_of(policy: PhiPolicy, *, second: bool) -> Gate:
    engines = Engines(load_profile(_BOARD), default_store())
    if second:
        return build_second_judge(policy, _there(engines.phi_tagger))
    return build_gate(policy, _there(engines.phi_classifier))


def _there(make: Callable[[], _Model]) -> _Model | None:
    """The model, where its weights are on this machine; the rules judge without it, too."""
    try:
        return make()
    except VoiceAssistError as error:
        err.print(f"judging by rules alone: {error}", markup=False, soft_wrap=True)
        return None


def _lines(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """The objects of a stream; `{}` for a line that is none, so that it is held.

    Bytes that are no UTF-8 become characters that hold.
    """
    for line in stream:
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8", "replace"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            row = {}
        yield row if isinstance(row, dict) else {}


def _id(row: dict[str, Any]) -> str | int | float | None:
    """The line's id; None where it has none that names a line."""
    given = row.get("id")
    return given if isinstance(given, str | int | float) else None


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN is no JSON, and could not be written back


def _answer(row: dict[str, Any]) -> None:
    """One line, flushed. ASCII, since an id may hold what no encoding can write."""
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def _shown(verdict: Verdict) -> dict[str, Any]:
    items = [
        {"kind": i.kind, "start": i.start, "end": i.end, "score": round(i.score, 3), "by": i.by}
        for i in verdict.items
    ]
    return {"held": verdict.held, "items": items}
