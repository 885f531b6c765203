"""`voiceassist phi kinds`: made-up queries of each kind of identifier, judged by rules alone."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Annotated, Any

import typer
from rich.table import Table

from voiceassist.console import out, print_json
from voiceassist.phi.build import rules
from voiceassist.phi.normalise import normalise
from voiceassist.phi.synthetic import KINDS, negatives, rows

_ENOUGH = 0.5


@cache
def _rules() -> list[Any]:
    return list(rules())


def places(text: str) -> list[tuple[int, int]]:
    """Where in `text` the rules alone, on either form, find what is strong enough to hold."""
    form = normalise(text)
    found = []
    for rule in _rules():
        found += [(r.start, r.end) for r in rule.analyze(text, [], None) if r.score >= _ENOUGH]
        spoken = (r for r in rule.analyze(form.text, [], None) if r.score >= _ENOUGH)
        found += [form.place(r.start, r.end) for r in spoken]
    return found


def missed(kind: str, count: int, seed: int) -> tuple[list[str], list[str]]:
    """Texts of `count` rows in which nothing was found, and in which only something else was."""
    nothing, elsewhere = [], []
    for row in rows(kind, count, seed):
        found = places(row.text)
        if not found:
            nothing.append(row.text)
        elif not any(start < row.end and end > row.start for start, end in found):
            elsewhere.append(row.text)
    return nothing, elsewhere


def kinds(
    count: Annotated[int, typer.Option("--rows", min=1, help="rows of each kind")] = 300,
    seed: Annotated[int, typer.Option(help="another seed, other rows")] = 1,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Count what the rules miss of made-up identifiers, and hold of look-alikes."""
    table = Table("kind", "rows", "missed", "found elsewhere only")
    report: dict[str, dict[str, int]] = {}
    for kind in KINDS:
        nothing, elsewhere = (len(texts) for texts in missed(kind, count, seed))
        report[kind] = {"rows": count, "missed": nothing, "elsewhere": elsewhere}
        table.add_row(kind, str(count), str(nothing), str(elsewhere))
    alarms = Counter(source for source, text in negatives(count, seed) if places(text))
    if as_json:
        print_json({"seed": seed, "kinds": report, "rows": count, "false_alarms": dict(alarms)})
        return
    table.add_row("look-alikes held", str(count), str(alarms.total()), "")
    out.print(table)
