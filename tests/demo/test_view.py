from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from demo.outcome import Outcome, Row, missed, what_was_held
from demo.view import View, shares

CLEARED = Outcome.model_validate(
    {
        "turn_id": "t1",
        "heard": "which tube is first",
        "verdict": {"held": False, "items": [], "reasons": []},
        "route": "hub",
        "why": "cleared",
        "sources": [{"document": "d", "version": 2, "title": "Tubes", "place": "page 1"}],
        "sentences": ["Blood culture comes first."],
        "timings": {"stt": 700.0, "gate": 30.0, "search": 20.0},
        "speech_end_to_first_audio": 1240.0,
        "added_later": 1,
    }
)
HELD = Outcome.model_validate(
    {
        "turn_id": "t2",
        "heard": "Margaret Ellis has a nosebleed",
        "verdict": {
            "held": True,
            "items": [{"kind": "NAME", "start": 0, "end": 14, "score": 0.98, "by": "tagger"}],
            "reasons": ["items", "low_confidence"],
        },
        "route": "room",
        "sentences": [],
    }
)
SPOKEN = Row(file="04-phi.flac", text="margaret ellis", kind="phi", phi=True, seconds=5.0)


def drawn(outcome: Outcome, row: Row | None = None) -> str:
    console = Console(file=io.StringIO(), width=100)
    with View(console, as_json=False) as view:
        view.turn("1/1", row, outcome)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_card_explains_a_cleared_turn() -> None:
    """Heard, verdict, route, source, answer and time all stand on the card."""
    text = drawn(CLEARED)
    for part in (
        "which tube is first",
        "cleared",
        "hub: the room answers, and the hub may add to it",
        "Tubes, page 1 (v2)",
        "Blood culture comes first.",
        "1.24 s to the first sound",
        "stt 0.70",
    ):
        assert part in text


def test_a_card_says_why_a_turn_was_held() -> None:
    """A held turn shows each item by kind, with who found it, and other reasons."""
    text = drawn(HELD, SPOKEN)
    for part in ("04-phi.flac", "held", "name “Margaret Ellis” 0.98 by tagger", "low confidence"):
        assert part in text


def test_a_turn_that_heard_nothing_says_so() -> None:
    """A recording whose wake word was missed is shown as that."""
    lost = Outcome.model_validate({"turn_id": "t", "woke": False, "verdict": {"held": True}})
    assert "the wake word was not heard" in drawn(lost)


def test_json_alone_stands_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json each turn is one document, and cards go elsewhere."""
    console = Console(file=io.StringIO(), width=80)
    with View(console, as_json=True) as view:
        view.turn("1/1", SPOKEN, HELD)
        view.result({"ok": True})
    turn, end = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert turn["recording"] == "04-phi.flac"
    assert turn["verdict"]["held"] is True
    assert end == {"ok": True}


def test_steps_are_plain_lines_where_nothing_can_move() -> None:
    """Without a terminal a finished step is a line of its own with its seconds."""
    console = Console(file=io.StringIO(), width=80)
    with View(console, as_json=False) as view, view.step("the hub"):
        pass
    assert isinstance(console.file, io.StringIO)
    assert "✓ the hub  (0.0 s)" in console.file.getvalue()


@pytest.mark.parametrize(
    ("amounts", "cells"),
    [([1, 1, 1], [10, 10, 10]), ([0, 0], [0, 0]), ([], []), ([700, 30, 20], [28, 1, 1])],
)
def test_the_bar_is_shared_out_whole(amounts: list[float], cells: list[int]) -> None:
    """The stages' cells follow their times and fill the bar."""
    assert shares(amounts, 30) == cells


def test_what_was_said_counts_as_held_too() -> None:
    """A recording with PHI brings its true words to the search for leaks, held or not."""
    let_through = CLEARED.model_copy(update={"heard": "margaret ellis"})
    held = what_was_held([(SPOKEN, let_through), (None, HELD), (None, CLEARED)])
    assert [one.turn_id for one in held] == ["t1", "t1", "t2"]
    assert held[2].items == (("NAME", "Margaret Ellis"),)
    assert missed([(SPOKEN, let_through), (SPOKEN, HELD)]) == ["04-phi.flac"]
