from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.bench import library_speech
from appliance.bench.measure import Result, Row, report, spread, word_error_rate, words
from appliance.bench.processes import usage
from appliance.bench.turns import read_rows
from appliance.turn import TurnRecord
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.verdict import Cleared, Held
from voiceassist.errors import BadInput, WrongUse
from voiceassist.phi import gate as phi_gate


def result(
    kind: str, said: str, heard: str, route: str, *, held: bool = False, woke: bool = True
) -> Result:
    row = Row("x.flac", said, phi=kind == "phi", kind=kind, wake_end_s=1.0, speech_end_s=2.0)
    verdict = Held(heard, reasons=("items",)) if held else Cleared(heard, phi_gate._SEAL)
    record = TurnRecord("t", woke=True, heard=heard, verdict=verdict, route=route)
    return Result(row, woke, record, 1000.0)


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("give twenty five", "Give 25.", 0.0),
        ("bell's palsy", "Bell's palsy?", 0.0),
        ("what is lupus", "what is", 1 / 3),
        ("what is lupus", "what is the lupus", 1 / 3),
        ("what is lupus", "", 1.0),
    ],
)
def test_word_errors_are_counted_after_normalising(said: str, heard: str, rate: float) -> None:
    """Case, punctuation and digits are no errors; each missing, added or wrong word is one."""
    assert word_error_rate([(said, heard)]) == pytest.approx(rate, abs=1e-4)


def test_hyphens_part_words() -> None:
    """A hyphenated number counts as the words it is made of."""
    assert words("25 first-line") == ["twenty", "five", "first", "line"]


def test_a_turn_with_phi_stayed_only_if_held_here() -> None:
    """PHI counts as kept only when it was held and took no route out."""
    results = [
        result("phi", "john", "john", "room", held=True),
        result("phi", "john", "jon", "hub"),
        result("command", "stop", "Stop.", "command"),
        result("library", "what", "what", "room", woke=False),
    ]
    figures = report(results)
    assert (figures["phi_turns"], figures["phi_turns_that_stayed"]) == (2, 1)
    assert figures["route_accuracy"] == 0.75
    assert figures["wake_recall"] == {"clean": 0.75, "noisy": None}


def test_percentiles_leave_out_what_there_is_not() -> None:
    """Turns without speech don't count as fast ones."""
    assert spread([None, 100.0, 300.0]) == {"p50": 200.0, "p95": 290.0, "n": 2}
    assert spread([None]) == {"n": 0}


def test_this_process_is_measured() -> None:
    """The room's own process shows CPU time and memory."""
    room = usage()["room"]
    assert room["cpu_s"] > 0
    assert room["peak_mb"] > 10


def test_a_bad_manifest_is_named(tmp_path: object) -> None:
    """A missing or malformed manifest is wrong use that names the file."""
    with pytest.raises(WrongUse, match=r"manifest\.jsonl"):
        read_rows(tmp_path)  # type: ignore[arg-type]
    (tmp_path / "manifest.jsonl").write_text('{"file": "a.flac"}\n')  # type: ignore[operator]
    with pytest.raises(WrongUse, match="not a manifest"):
        read_rows(tmp_path)  # type: ignore[arg-type]


class Shelf:
    """Knows one document, by one word."""

    def find(self, query: str) -> list[Passage]:
        text = "Asthma is treated with salbutamol."
        found = Passage(
            id=1, document="asthma", version=1, title="Asthma", place="", text=text,
            start=0, end=len(text), strength=0.9, score=1.0,
        )  # fmt: skip
        return [found] if "asthma" in query else []


def test_what_was_heard_is_compared_with_what_was_written() -> None:
    """Hits, quotations and refusals stand beside each other, with the word errors between."""
    asked = [library_speech.Question("what is asthma", "asthma")] * 2
    figures = library_speech.compare(Shelf(), asked, ["what is asthma", "what is asma"])
    assert figures["word_error_rate"] == pytest.approx(1 / 6, abs=1e-3)
    assert figures["written"]["hit_at_3"] == 1
    assert figures["heard"] == {
        "hit_at_3": 0.5,
        "quoted_from_right_document": 1,
        "refused": 0.5,
    }


def test_questions_are_drawn_by_seed_from_those_that_have_an_answer(tmp_path: Path) -> None:
    """The seed decides which; questions without a document are left out; a bad file is named."""
    rows = [{"question": f"q {n}", "file": f"d{n}.md" if n % 2 else None} for n in range(40)]
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    drawn = library_speech.draw(path, 5, seed=1)
    assert drawn == library_speech.draw(path, 5, seed=1)
    assert drawn != library_speech.draw(path, 5, seed=2)
    assert len(library_speech.draw(path, 99, seed=1)) == 20
    path.write_text("no json")
    with pytest.raises(BadInput, match=str(path)):
        library_speech.draw(path, 5, seed=1)
