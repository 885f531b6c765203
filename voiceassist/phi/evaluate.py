"""Measures a gate on labelled rows: recall, right reasons, false alarms by source, latency."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Item
from voiceassist.phi.gate import Gate
from voiceassist.phi.labelled import Corpus, Labelled, Span
from voiceassist.phi.policy import PhiPolicy

_LONGEST_TIMED = 60  # words: what a person asks in one breath; longer rows are counted, not timed
_NAMED = 20
Clock = Callable[[], float]


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class Share(_Figures):
    """`count` of `total` rows."""

    count: int
    total: int

    @property
    def share(self) -> float:
        """0 to 1; 0 of nothing is 0."""
        return self.count / self.total if self.total else 0.0


class Named(_Figures):
    """How many rows, and the ids of the first of them."""

    count: int
    ids: tuple[str, ...]


class Machine(_Figures):
    """What was measured on: load over the minute before, megabytes of this process at most."""

    load_average: float
    cores: int
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its verdict, and milliseconds of wall clock and of the process's CPU."""

    row: Labelled
    held: bool
    items: tuple[Item, ...]
    reasons: tuple[str, ...]
    wall_ms: float
    cpu_ms: float

    def found(self, span: Span) -> bool:
        """Whether an item overlaps `span`."""
        return any(item.start < span.end and item.end > span.start for item in self.items)


class Report(_Figures):
    """What was measured; latencies in milliseconds, of rows up to 60 words.

    `right_reason` counts rows with an item at a marked place, `every_item` rows with one at
    each of them. Rows whose items have no known place (`unaligned`) count for `held` only.
    """

    rows: int
    held: Share
    held_by_kind: dict[str, Share]
    right_reason: Share
    every_item: Share
    items_found: Share
    by_kind: dict[str, Share]
    false_alarms: Share
    by_source: dict[str, Share]
    alarms_by: dict[str, int]
    unaligned: Named
    left_out: dict[str, Named]
    timed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float
    cpu_p99_ms: float
    machine: Machine

    def as_json(self) -> dict[str, Any]:
        """Plain values, each share with its quotient."""
        return {key: _plain(value) for key, value in self}


def judge_rows(
    gate: Gate,
    rows: Iterable[Labelled],
    *,
    wall: Clock = time.perf_counter,
    cpu: Clock = time.process_time,
) -> Iterator[Judged]:
    """Judge each row as though it had been heard without doubt."""
    for row in rows:
        began, began_cpu = wall(), cpu()
        verdict = gate.judge(Transcript(row.text, confidence=1.0))
        spent, spent_cpu = wall() - began, cpu() - began_cpu
        yield Judged(
            row, verdict.held, verdict.items, verdict.reasons, spent * 1000, spent_cpu * 1000
        )


def every_finding(policy: PhiPolicy) -> PhiPolicy:
    """The policy under which each finding is reported, whatever its score."""
    return policy.model_copy(update={"thresholds": {}})


def under(one: Judged, policy: PhiPolicy, factor: float = 1.0) -> Judged:
    """What was judged under `every_finding`, with the thresholds of `policy` times `factor`."""
    items = tuple(i for i in one.items if i.score >= policy.threshold(i.kind) * factor)
    other = tuple(reason for reason in one.reasons if reason != "items")
    reasons = ("items", *other) if items else other
    return replace(one, held=bool(reasons), items=items, reasons=reasons)


def report(judged: Iterable[Judged], corpus: Corpus, machine: Machine) -> Report:
    """All figures that follow from the verdicts."""
    every = list(judged)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    alarms: Counter[str] = Counter()
    for one in every:
        if one.row.phi:
            _count_phi(found, one)
            continue
        found[f"source {one.row.source}"].update(total=1, count=int(one.held))
        alarms.update({f"{item.by} {item.kind}" for item in one.items})
        alarms.update(reason for reason in one.reasons if reason != "items")
    timed = [one for one in every if len(one.row.text.split()) <= _LONGEST_TIMED]
    sources = _group(found, "source ")
    return Report(
        rows=len(every),
        held=_share(found["held"]),
        held_by_kind=_group(found, "held "),
        right_reason=_share(found["right"]),
        every_item=_share(found["every"]),
        items_found=_share(found["items"]),
        by_kind=_group(found, "kind "),
        false_alarms=Share(
            count=sum(s.count for s in sources.values()),
            total=sum(s.total for s in sources.values()),
        ),
        by_source=sources,
        alarms_by=dict(alarms.most_common()),
        unaligned=_named(corpus.unaligned),
        left_out={reason: _named(ids) for reason, ids in corpus.left_out.items()},
        timed=len(timed),
        **_spread("", [one.wall_ms for one in timed]),
        **_spread("cpu_", [one.cpu_ms for one in timed]),
        machine=machine,
    )


def _count_phi(found: dict[str, Counter[str]], one: Judged) -> None:
    spans = one.row.spans
    hits = [one.found(span) for span in spans]
    found["held"].update(total=1, count=int(one.held))
    for label in one.row.labels:
        found[f"held {label}"].update(total=1, count=int(one.held))
    if spans:
        found["right"].update(total=1, count=int(any(hits)))
        found["every"].update(total=1, count=int(all(hits)))
    for span, hit in zip(spans, hits, strict=True):
        found["items"].update(total=1, count=int(hit))
        found[f"kind {span.label}"].update(total=1, count=int(hit))


def _group(found: dict[str, Counter[str]], prefix: str) -> dict[str, Share]:
    return {
        key.removeprefix(prefix): _share(value)
        for key, value in sorted(found.items())
        if key.startswith(prefix)
    }


def _share(counts: Counter[str]) -> Share:
    return Share(count=counts["count"], total=counts["total"])


def _named(ids: Sequence[str]) -> Named:
    return Named(count=len(ids), ids=tuple(ids[:_NAMED]))


def _spread(prefix: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {f"{prefix}p{q}_ms": _quantile(ordered, q / 100) for q in (50, 95, 99)}


def _quantile(ordered: list[float], q: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * q))], 3) if ordered else 0.0


def _plain(value: object) -> object:
    if isinstance(value, Share):
        return {"count": value.count, "total": value.total, "share": round(value.share, 5)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value
