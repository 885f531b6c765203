"""The command line: verdicts as they come, explanations for a person, figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voiceassist.errors import BadInput, WrongUse
from voiceassist.phi.cli import app

PHI = "call maria gonzalez at five five five oh one two three four"
PLAIN = "what is the dose of amoxicillin"


def test_check_answers_each_line_in_order() -> None:
    """Each line gets one verdict with its id; bytes that are no UTF-8 and odd rows are held."""
    lines = [
        json.dumps({"id": 1, "text": PHI}).encode(),
        json.dumps({"id": 2, "text": PLAIN}).encode(),
        b'{"id": 3, "text": "\xff\xfe"}',
        json.dumps({"id": 4, "text": None}).encode(),
        json.dumps({"id": 5, "text": "dose " * 20_000}).encode(),
    ]
    result = CliRunner().invoke(app, ["check"], input=b"\n".join(lines) + b"\n")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == [1, 2, None, 4, 5]
    assert [row["held"] for row in rows] == [True, False, True, True, True]
    assert {"kind", "start", "end", "score", "by"} == set(rows[0]["items"][0])
    assert PHI not in result.stdout


def test_check_wants_objects() -> None:
    """A line that is JSON but no object is wrong use, named by its number."""
    result = CliRunner().invoke(app, ["check"], input=b"[1]\n")
    assert isinstance(result.exception, WrongUse)
    assert "line 1" in str(result.exception)


def test_explain_shows_place_and_recogniser() -> None:
    """A person sees the verdict, the kind, the words and who found them."""
    shown = CliRunner().invoke(app, ["explain", PHI]).stdout
    assert "HELD" in shown
    assert "NAME" in shown
    assert "maria gonzalez" in shown
    assert "CLEARED" in CliRunner().invoke(app, ["explain", PLAIN]).stdout


def test_eval_counts(tmp_path: Path) -> None:
    """Recall, right reasons and false alarms are counted by kind and source."""
    positive, negative = tmp_path / "p.jsonl", tmp_path / "n.jsonl"
    row = {"label": "NAME", "stt": PHI, "stt_span": [5, 19]}
    wrong = {"label": "NAME", "stt": PHI, "stt_span": [0, 4]}
    positive.write_text(f"{json.dumps(row)}\n{json.dumps(wrong)}\n")
    negative.write_text(
        f"{json.dumps({'src': 'a', 'stt': PLAIN})}\n{json.dumps({'src': 'b', 'stt': PHI})}\n"
    )
    arguments = ["eval", "--positive", str(positive), "--negative", str(negative)]
    result = CliRunner().invoke(app, [*arguments, "--field", "stt", "--json"])
    report = json.loads(result.stdout)
    assert report["held"] == {"count": 2, "total": 2, "share": 1.0}
    assert report["right_reason"]["count"] == 1
    assert report["by_kind"]["NAME"]["count"] == 1
    assert report["by_source"]["a"]["count"] == 0
    assert report["by_source"]["b"]["count"] == 1
    assert "names NAME" in report["alarms_by"]


@pytest.mark.parametrize("content", ["{not json", "[1]"])
def test_eval_names_the_bad_line(tmp_path: Path, content: str) -> None:
    """A file that is no JSON lines is named with its line."""
    bad = tmp_path / "bad.jsonl"
    bad.write_text(content)
    result = CliRunner().invoke(app, ["eval", "--positive", str(bad), "--negative", str(bad)])
    assert isinstance(result.exception, BadInput)
    assert "line 1" in str(result.exception)


@pytest.mark.parametrize(
    ("content", "named"),
    [("treshold = 1", "treshold"), ("= 1", "TOML"), ("timeout_s = 0", "timeout_s")],
)
def test_a_wrong_policy_names_its_key(tmp_path: Path, content: str, named: str) -> None:
    """A wrong key or value in a policy file is one line that names it."""
    policy = tmp_path / "policy.toml"
    policy.write_text(content)
    result = CliRunner().invoke(app, ["explain", PLAIN, "--policy", str(policy)])
    assert isinstance(result.exception, WrongUse)
    assert named in str(result.exception)
