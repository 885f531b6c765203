from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiceassist.cli import dispatch
from voiceassist.console import run_command


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any weight."""
    monkeypatch.setenv("VOICEASSIST_MODELS", str(tmp_path / "models"))
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        dispatch(["models", *arguments])
    return int(left.value.code or 0)


def test_list_says_what_is_not_here(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`list --json` names every model with licence and size, and that none is here."""
    assert run("list", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["root"] == str(nowhere / "models")
    assert len(report["models"]) > 5
    assert not any(model["here"] for model in report["models"])


def test_verify_fails_where_a_weight_is_missing(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`verify` of an empty machine is one line with the command to run, and status 1."""
    assert run_command(lambda: dispatch(["models", "verify", "silero-vad"])) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "voiceassist models pull silero-vad" in lines[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", "no-such-model"),
        ("pull", "--profile", "toaster"),
        ("pull", "--from", "no-such.bundle"),
        ("bundle", "--out", "no-such-folder/site.bundle"),
        ("pull", "--from", "pyproject.toml", "--trusted", "no-such.pem"),
    ],
)
def test_wrong_use_is_one_line_and_status_two(
    nowhere: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """A name or file that is not there is one line that names it, and exit status 2."""
    assert run_command(lambda: dispatch(["models", *arguments])) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_machine_without_a_folder_to_write_says_so(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A store that can't be written is named, with the variable that moves it."""
    (nowhere / "file").write_text("")
    monkeypatch.setenv("VOICEASSIST_MODELS", str(nowhere / "file" / "models"))
    assert run_command(lambda: dispatch(["models", "pull", "silero-vad"])) == 1
    assert "VOICEASSIST_MODELS" in capsys.readouterr().err
