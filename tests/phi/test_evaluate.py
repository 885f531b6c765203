"""What `voiceassist phi eval` counts, on rows and verdicts made up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from voiceassist.contract.verdict import Item
from voiceassist.errors import BadInput
from voiceassist.phi.evaluate import (
    Judged,
    Machine,
    Report,
    Share,
    every_finding,
    judge_rows,
    report,
    under,
)
from voiceassist.phi.gate import Gate
from voiceassist.phi.labelled import HARD, Corpus, Labelled, Span, align, corpus
from voiceassist.phi.plot import draw, trade_off
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.split import is_reported

TEXT = "anna s was seen on april twelfth"
QUERY = {
    "id": "asq-1",
    "text": "Anna S. was seen on April 12",
    "stt": TEXT,
    "spans": [
        {"label": "NAME", "start": 0, "end": 7},
        {"label": "DATE", "start": 20, "end": 28},
    ],
}
ITEMS = [
    {"id": "asq-1-0", "label": "NAME", "stt": "was anna s here", "stt_span": [4, 10]},
    {"id": "asq-1-1", "label": "DATE", "stt": "on april twelfth", "stt_span": [3, 16]},
]
NAME, DATE = Item("NAME", 0, 6, 0.9, "names"), Item("DATE", 19, 32, 0.7, "dates")


def judged(
    row: Labelled, *items: Item, reasons: tuple[str, ...] = (), wall_ms: float = 1.0
) -> Judged:
    told = ("items", *reasons) if items else reasons
    return Judged(row, bool(told), items, told, wall_ms, wall_ms / 2)


def figures(*every: Judged, rows: Corpus | None = None) -> Report:
    return report(every, rows or Corpus(), Machine(load_average=1, cores=2, peak_mb=3))


@pytest.fixture
def query() -> Labelled:
    (row,) = corpus([QUERY], [], field="stt", items=ITEMS).rows
    return row


@pytest.fixture
def plain() -> Labelled:
    return Labelled("n", "what is gout", phi=False, source="k-qa")


def test_spoken_items_are_found_in_the_whole_query(query: Labelled) -> None:
    """The words of single items, looked up in order, give each item's place in the spoken query."""
    assert query.spans == (Span("NAME", 0, 6), Span("DATE", 19, 32))
    assert [TEXT[s.start : s.end] for s in query.spans] == ["anna s", "april twelfth"]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["ann", "seen"], None),  # a part of a word is not it
        (["seen", "anna s"], None),  # not in this order
        (["anna s", "seen"], [(0, 6), (11, 15)]),
        ([""], None),
        ([], []),
    ],
)
def test_words_align_whole_and_in_order_or_not_at_all(
    words: list[str], places: list[tuple[int, int]] | None
) -> None:
    """An alignment that is not certain is none."""
    assert align("anna s was seen"[:15], words) == places


def test_the_same_item_twice_has_two_places() -> None:
    """Where words repeat, each item gets its own place."""
    assert align("smith saw smith's chart", ["smith", "smith"]) == [(0, 5), (10, 15)]


@pytest.mark.parametrize("items", [[], ITEMS[:1], [ITEMS[0], {**ITEMS[1], "stt_span": [0, 3]}]])
def test_a_query_without_places_counts_for_held_only_and_is_named(
    items: list[dict[str, Any]],
) -> None:
    """Where an item can't be placed the report names the query and claims nothing of its items."""
    items = [{**one, "stt": one["stt"].replace("on ", "xx ")} for one in items]
    found = corpus([QUERY], [], field="stt", items=items)
    told = figures(judged(found.rows[0], NAME), rows=found)
    assert found.rows[0].phi
    assert told.unaligned.ids == ("asq-1",)
    assert told.held == Share(count=1, total=1)
    assert told.every_item.total == told.items_found.total == 0


def test_places_may_stand_in_the_row() -> None:
    """A row with `stt_spans` needs no other file."""
    spans = [{"label": "NAME", "start": 0, "end": 6}]
    (row,) = corpus([{**QUERY, "stt_spans": spans}], [], field="stt").rows
    assert row.spans == (Span("NAME", 0, 6),)


def test_one_item_found_is_a_right_reason_but_not_every_item(query: Labelled) -> None:
    """Items, queries held for one of them, and queries with all of them are counted apart."""
    told = figures(judged(query, NAME), judged(query, NAME, DATE), judged(query))
    assert told.held == Share(count=2, total=3)
    assert told.held_by_kind == {"DATE": told.held, "NAME": told.held}
    assert told.right_reason == Share(count=2, total=3)
    assert told.every_item == Share(count=1, total=3)
    assert told.items_found == Share(count=3, total=6)
    assert told.by_kind == {"DATE": Share(count=1, total=3), "NAME": Share(count=2, total=3)}


def test_an_item_elsewhere_is_no_right_reason(query: Labelled) -> None:
    """Held for what is no item counts as held, and for nothing else."""
    told = figures(judged(query, Item("ID", 7, 10, 0.9, "ids")))
    assert (told.held.count, told.right_reason.count, told.items_found.count) == (1, 0, 0)


def test_a_query_without_items_is_a_hard_negative() -> None:
    """Among the rows with PHI, one without a single item counts for false alarms, not recall."""
    row = {"id": "asq-2", "text": "what is gout", "spans": []}
    found = corpus([row, {**row, "id": "x", "phi": False, "label": "k-qa"}], [])
    told = figures(*(judged(one, NAME) for one in found.rows))
    assert told.held.total == 0
    assert told.by_source == {HARD: Share(count=1, total=1), "k-qa": Share(count=1, total=1)}
    assert told.alarms_by == {"names NAME": 2}


def test_rows_left_out_are_named_with_the_reason() -> None:
    """Rows of the other part, without the field, or with PHI among those without: all told."""
    rows = [{"id": f"asq-{n}", "label": "NAME", "text": "x"} for n in range(40)]
    kept = [row["id"] for row in rows if is_reported(row)]
    odd = {"id": "neg-1", "phi": True, "text": "x"}
    found = corpus([*rows, {"id": kept[0] + "-1", "label": "NAME"}], [odd], part="report")
    told = figures(*(judged(row) for row in found.rows), rows=found)
    assert [row.id for row in found.rows if row.phi] == kept
    assert told.left_out["of the other part"].count >= 40 - len(kept)
    assert told.left_out["no text field 'text'"].ids == (kept[0] + "-1",)
    both = corpus([], [odd, {"id": "neg-2", "text": "y"}])
    assert [row.id for row in both.rows] == ["neg-2"]
    assert list(both.left_out) == ["labelled as PHI in the file of those without"]


def test_a_field_that_no_row_has_is_refused() -> None:
    """A misspelt field is an error and not a report on nothing."""
    with pytest.raises(BadInput, match="--field"):
        corpus([QUERY], [], field="sst")


def test_long_rows_are_judged_but_not_timed(plain: Labelled) -> None:
    """Latency is of what a person asks in one breath: up to 60 words."""
    long = Labelled("l", "word " * 61, phi=False, source="k-qa")
    told = figures(*(judged(plain, wall_ms=n) for n in range(1, 101)), judged(long, wall_ms=900))
    assert (told.rows, told.timed) == (101, 100)
    assert (told.p50_ms, told.p95_ms, told.p99_ms) == (51, 96, 100)
    assert told.cpu_p99_ms == 50


def test_both_clocks_are_read(gate: Gate, plain: Labelled) -> None:
    """Wall time and CPU time are measured apart, in milliseconds."""

    def ticking(step: float) -> Callable[[], float]:
        times: Iterator[float] = iter([0.0, step])
        return lambda: next(times)

    (one,) = judge_rows(gate, [plain], wall=ticking(0.5), cpu=ticking(0.125))
    assert (one.wall_ms, one.cpu_ms) == (500, 125)


TEXTS = (
    TEXT, "what is the dose of amoxicillin", "is temple near here", "call five five five one two",
    "my patient in bed four", "hudson needs warfarin", "caf\u200be", "",
)  # fmt: skip


def test_thresholds_applied_afterwards_judge_as_the_gate_does(gate: Gate) -> None:
    """Collecting every finding and applying a policy later gives the gate's own verdicts."""
    from voiceassist.phi.build import build_gate  # noqa: PLC0415 - one test's need

    policy = PhiPolicy(timeout_s=20)
    every = build_gate(every_finding(policy), None)
    rows = [Labelled("t", text, phi=False, source="s") for text in TEXTS]
    for collected, direct in zip(judge_rows(every, rows), judge_rows(gate, rows), strict=True):
        late = under(collected, policy)
        assert (late.held, late.items, late.reasons) == (direct.held, direct.items, direct.reasons)


def test_the_trade_off_follows_the_scores(query: Labelled, plain: Labelled) -> None:
    """As the factor rises, items are missed and then the query; false alarms fall; 1 is chosen."""
    weak = Item("NAME", 0, 4, 0.4, "names")
    never = judged(plain, reasons=("language",))
    missed, alarms = trade_off([judged(query, NAME, DATE), judged(plain, weak), never], PhiPolicy())
    cleared, lost = (
        dict(zip(_factors(curve), curve.values, strict=True)) for curve in missed.curves
    )
    assert (cleared[1.0], cleared[1.8], cleared[1.82]) == (0, 0, 100)
    assert (lost[1.4], lost[1.42], lost[1.82]) == (0, 50, 100)
    (curve,) = alarms.curves
    held = dict(zip(_factors(curve), curve.values, strict=True))
    assert (held[0.0], held[0.8], held[0.82], held[2.0]) == (100, 100, 50, 50)
    assert curve.chosen == held[1.0] == 50
    assert curve.name == "k-qa (2)"


def _factors(curve: Any) -> list[float]:
    return [round(2 * n / (len(curve.values) - 1), 2) for n in range(len(curve.values))]


def test_the_plot_is_an_svg_that_names_what_it_shows(query: Labelled) -> None:
    """The drawing parses, says which policy's point it marks, and can't be broken by a name."""
    odd = Labelled("n", "x", phi=False, source="<a & b>")
    panels = trade_off([judged(query, NAME), judged(odd, NAME)], PhiPolicy())
    root = ET.fromstring(draw(panels, 2))
    words = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<a & b> (1)" in word for word in words)
    assert "50.0%  single items not found (2)" in words
    assert words.count("this policy") == 2
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 3


def test_nothing_to_draw_is_no_error() -> None:
    """A file of one sort only is drawn without the other's curves."""
    assert "<svg" in draw(trade_off([], PhiPolicy()), 0)
