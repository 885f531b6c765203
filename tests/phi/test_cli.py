"""The command line: verdicts as they come, explanations for a person, figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voiceassist.errors import BadInput, VoiceAssistError, WrongUse
from voiceassist.phi.cli import app

PHI = "call maria gonzalez at five five five oh one two three four"
PLAIN = "what is the dose of amoxicillin"


def test_check_answers_each_line_in_order() -> None:
    """Each line gets one verdict with its id; bytes that are no UTF-8 and odd texts are held."""
    lines = [
        json.dumps({"id": 1, "text": PHI}).encode(),
        json.dumps({"id": 2, "text": PLAIN}).encode(),
        b'{"id": 3, "text": "\xff\xfe"}',
        json.dumps({"id": "\ud800", "text": "dose\u200b of it"}).encode(),
        json.dumps({"id": 5, "text": "dose " * 20_000}).encode(),
    ]
    result = CliRunner().invoke(app, ["check"], input=b"\n".join(lines) + b"\n")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [row["id"] for row in rows] == [1, 2, 3, "\ud800", 5]
    assert [row["held"] for row in rows] == [True, False, True, True, True]
    assert {"kind", "start", "end", "score", "by"} == set(rows[0]["items"][0])
    assert PHI not in result.stdout


@pytest.mark.parametrize(
    "line",
    [
        b"[1]", b"7", b"null", b"{", b"\xff", b"[" * 100_000, b'{"id": NaN, "text": "x"}',
        b'{"id": 1}', b'{"id": 1, "text": 5}',
    ],
)  # fmt: skip
def test_a_bad_line_is_held_and_the_stream_goes_on(line: bytes) -> None:
    """A line without a text gets a held verdict; the next is judged; the end counts it."""
    after = json.dumps({"id": 2, "text": PLAIN}).encode()
    result = CliRunner().invoke(app, ["check"], input=line + b"\n" + after + b"\n")
    bad, good = [json.loads(one) for one in result.stdout.splitlines()]
    assert (bad["held"], bad["items"]) == (True, [])
    assert (good["id"], good["held"]) == (2, False)
    assert isinstance(result.exception, BadInput)
    assert "1 of 2 lines" in str(result.exception)


@pytest.mark.slow
def test_check_answers_while_its_input_stays_open() -> None:
    """Each verdict comes before the next line is written, past bad ones; the exit status is 1."""
    command = [sys.executable, "-c", "from voiceassist.cli import main; main()", "phi", "check"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for number, line in enumerate(
            [
                json.dumps({"id": 0, "text": PHI}).encode(),
                b"[1]",
                b'{"id": 2, "text": "\xff"}',
                b'{"id": 3}',
                json.dumps({"id": 4, "text": PLAIN}).encode(),
            ]
        ):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert answer["id"] == (None if number == 1 else number)
            assert answer["held"] is (number != 4)
        process.stdin.close()
        told = process.stderr.read().decode()
        assert process.wait(30) == 1
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("voiceassist: 2 of 5 lines")


def test_explain_shows_place_and_recogniser() -> None:
    """A person sees the verdict, the kind, the words and who found them."""
    shown = CliRunner().invoke(app, ["explain", PHI]).stdout
    assert "HELD" in shown
    assert "NAME" in shown
    assert "maria gonzalez" in shown
    assert "CLEARED" in CliRunner().invoke(app, ["explain", PLAIN]).stdout


def test_eval_reports_as_json(tmp_path: Path) -> None:
    """The command reports recall, false alarms, latency and the machine in one document."""
    positive, negative = tmp_path / "p.jsonl", tmp_path / "n.jsonl"
    row = {"label": "NAME", "stt": PHI, "stt_span": [5, 19]}
    wrong = {"label": "NAME", "stt": PHI, "stt_span": [0, 4]}
    positive.write_text(f"{json.dumps(row)}\n{json.dumps(wrong)}\n")
    negative.write_text(
        f"{json.dumps({'src': 'a', 'stt': PLAIN})}\n{json.dumps({'src': 'b', 'stt': PHI})}\n"
    )
    plot = tmp_path / "plot.svg"
    arguments = ["eval", "--positive", str(positive), "--negative", str(negative)]
    result = CliRunner().invoke(app, [*arguments, "--field", "stt", "--json", "--plot", str(plot)])
    report = json.loads(result.stdout)
    assert report["held"] == {"count": 2, "total": 2, "share": 1.0}
    assert report["right_reason"]["count"] == 1
    assert report["by_kind"]["NAME"]["count"] == 1
    assert report["by_source"]["a"]["count"] == 0
    assert report["by_source"]["b"]["count"] == 1
    assert "contact PHONE" in report["alarms_by"]
    assert report["rows"] == 4
    assert 0 < report["p50_ms"] <= report["p99_ms"]
    assert report["cpu_p50_ms"] > 0
    assert report["machine"]["peak_mb"] > 50
    assert plot.read_text().startswith("<svg")
    shown = CliRunner().invoke(app, [*arguments, "--field", "stt"]).stdout
    assert "every item found" in shown


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--plot", "a.png"], "svg"),
        (["--plot", "a.svg", "--second"], "--second"),
        (["--field", "nothing"], "nothing"),
    ],
)
def test_eval_refuses_what_it_cannot_do(tmp_path: Path, options: list[str], named: str) -> None:
    """A plot that can't be drawn and a field that no row has are one line that says so."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"label": "NAME", "text": PHI, "span": [5, 19]}))
    files = ["--positive", str(rows), "--negative", str(rows)]
    result = CliRunner().invoke(app, ["eval", *files, *options])
    assert isinstance(result.exception, VoiceAssistError)
    assert named in str(result.exception)


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
