"""Measures a gate on labelled rows: recall, right reasons, false alarms by source, latency."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.errors import BadInput
from voiceassist.phi.gate import Gate

_SPAN_OF = {"text": "span", "stt": "stt_span"}


class Share(BaseModel):
    """`count` of `total` rows."""

    model_config = ConfigDict(frozen=True)

    count: int
    total: int

    @property
    def share(self) -> float:
        """0 to 1; 0 of nothing is 0."""
        return self.count / self.total if self.total else 0.0


class Report(BaseModel):
    """What was measured; latencies in milliseconds."""

    model_config = ConfigDict(frozen=True)

    held: Share
    right_reason: Share
    items_found: Share
    by_kind: dict[str, Share]
    false_alarms: Share
    by_source: dict[str, Share]
    alarms_by: dict[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, each share with its quotient."""
        return {key: _plain(value) for key, value in self}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """JSON lines of `path`; raises `BadInput` naming the line that is none."""
    rows = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} can't be read as text; give a file of JSON lines") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadInput(f"{path}, line {number}, is not JSON; give one object a line") from error
        if not isinstance(row, dict):
            raise BadInput(f"{path}, line {number}, is no JSON object")
        rows.append(row)
    return rows


def evaluate(
    gate: Gate,
    positives: Iterable[dict[str, Any]],
    negatives: Iterable[dict[str, Any]],
    *,
    field: str = "text",
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Judge every row's `field` and count; rows without it are wrong use.

    A positive row has `label` and a span (`span`, or `stt_span` for `stt`), or `spans`; without
    any it counts for being held only. A negative row's source is its `src`.
    """
    durations: list[float] = []

    def judge(row: dict[str, Any]) -> Verdict:
        text = row.get(field)
        if not isinstance(text, str):
            raise BadInput(f"a row has no text field {field!r}; choose another with --field")
        begin = clock()
        verdict = gate.judge(Transcript(text, confidence=1.0))
        durations.append((clock() - begin) * 1000)
        return verdict

    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in positives:
        _count_positive(found, row, judge(row), field)
    alarms: Counter[str] = Counter()
    for row in negatives:
        verdict, source = judge(row), str(row.get("src", "all"))
        found[f"source {source}"].update(total=1, count=int(verdict.held))
        alarms.update({f"{item.by} {item.kind}" for item in verdict.items})
        alarms.update(reason for reason in verdict.reasons if reason != "items")
    return _report(found, alarms, sorted(durations))


def _count_positive(
    found: dict[str, Counter[str]], row: dict[str, Any], verdict: Verdict, field: str
) -> None:
    spans = (
        [(str(row.get("label", "")), *row[_SPAN_OF[field]])]
        if _SPAN_OF.get(field) in row
        else [
            (str(span["label"]), span["start"], span["end"])
            for span in (row.get("spans", ()) if field == "text" else ())
        ]
    )
    hits = [any(i.start < end and i.end > start for i in verdict.items) for _, start, end in spans]
    found["held"].update(total=1, count=int(verdict.held))
    if spans:
        found["right"].update(total=1, count=int(all(hits)))
    for (label, _, _), hit in zip(spans, hits, strict=True):
        found["items"].update(total=1, count=int(hit))
        found[f"kind {label}"].update(total=1, count=int(hit))


def _report(found: dict[str, Counter[str]], alarms: Counter[str], durations: list[float]) -> Report:
    def group(prefix: str) -> dict[str, Share]:
        return {
            key.removeprefix(prefix): _share(value)
            for key, value in sorted(found.items())
            if key.startswith(prefix)
        }

    sources = group("source ")
    return Report(
        held=_share(found["held"]),
        right_reason=_share(found["right"]),
        items_found=_share(found["items"]),
        by_kind=group("kind "),
        false_alarms=Share(
            count=sum(s.count for s in sources.values()),
            total=sum(s.total for s in sources.values()),
        ),
        by_source=sources,
        alarms_by=dict(alarms.most_common()),
        p50_ms=_quantile(durations, 0.5),
        p95_ms=_quantile(durations, 0.95),
        p99_ms=_quantile(durations, 0.99),
    )


def _share(counts: Counter[str]) -> Share:
    return Share(count=counts["count"], total=counts["total"])


def _quantile(ordered: list[float], q: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * q))], 3) if ordered else 0.0


def _plain(value: object) -> object:
    if isinstance(value, Share):
        return {"count": value.count, "total": value.total, "share": round(value.share, 5)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value
