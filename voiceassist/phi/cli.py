"""`voiceassist phi`: judge, explain and measure."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.table import Table

from voiceassist.console import err, out, print_json
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Held, Verdict
from voiceassist.engines.ports import PhiTagger
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.errors import VoiceAssistError, WrongUse
from voiceassist.phi.build import build_gate, build_second_judge
from voiceassist.phi.evaluate import Report, Share, evaluate, read_rows
from voiceassist.phi.explain import explain
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.settings import load_policy

_BOARD = "generic-x86"  # the tagger is the same on every board
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

PolicyFile = Annotated[Path | None, typer.Option("--policy", help="a TOML file of the policy")]
Second = Annotated[bool, typer.Option("--second", help="ask the hub's second judge")]


@app.callback()
def main() -> None:
    """The PHI gate: what may leave the room, and why not."""


@app.command()
def check(policy: PolicyFile = None, *, second: Second = False) -> None:
    """Read JSON lines {"id","text"}; write a verdict for each, in order, as they come."""
    gate = _gate(policy, second=second)
    for row in _lines(sys.stdin.buffer):
        begin = time.perf_counter()
        text = row.get("text")
        verdict: Verdict = (
            gate.judge(Transcript(text, confidence=1.0))
            if isinstance(text, str)
            else Held("", reasons=("error",))
        )
        spent = (time.perf_counter() - begin) * 1000
        print_json({"id": row.get("id"), **_shown(verdict), "ms": round(spent, 2)})


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
    policy: PolicyFile = None,
    *,
    second: Second = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measure recall, right reasons, false alarms by source, and latency."""
    gate = _gate(policy, second=second)
    report = evaluate(gate, read_rows(positive), read_rows(negative), field=field)
    if as_json:
        print_json(report.as_json())
    else:
        out.print(_table(report))


def _gate(policy: Path | None, *, second: bool) -> Gate:
    chosen = load_policy(policy) if policy else PhiPolicy()
    return build_second_judge(chosen) if second else build_gate(chosen, _tagger())


def _tagger() -> PhiTagger | None:
    """The tagger, where its weights are on this machine; the rules judge without it, too."""
    try:
        return Engines(load_profile(_BOARD), default_store()).phi_tagger()
    except VoiceAssistError as error:
        err.print(f"judging without the tagger: {error}", markup=False, soft_wrap=True)
        return None


def _lines(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """The objects of a stream; a line that is none is judged as an error, so it is held."""
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except ValueError:
            row = {"id": None}
        if not isinstance(row, dict):
            raise WrongUse(f"line {number} is no JSON object; give {{'id', 'text'}} on each line")
        yield row


def _shown(verdict: Verdict) -> dict[str, Any]:
    items = [
        {"kind": i.kind, "start": i.start, "end": i.end, "score": round(i.score, 3), "by": i.by}
        for i in verdict.items
    ]
    return {"held": verdict.held, "items": items}


def _table(report: Report) -> Table:
    table = Table("what", "count", "of", "share")

    def row(name: str, share: Share) -> None:
        table.add_row(name, str(share.count), str(share.total), f"{share.share:.2%}")

    row("queries held", report.held)
    row("for the right reason", report.right_reason)
    row("items found", report.items_found)
    for kind, share in report.by_kind.items():
        row(f"  {kind}", share)
    row("false alarms", report.false_alarms)
    for source, share in report.by_source.items():
        row(f"  {source}", share)
    table.add_row("p50 / p95 / p99 ms", f"{report.p50_ms} / {report.p95_ms} / {report.p99_ms}")
    return table
