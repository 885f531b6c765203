"""The room end to end on the project's own recordings; needs the weights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import soundfile
from typer.testing import CliRunner

from appliance.cli import app
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.errors import Unavailable, Unverified, VoiceAssistError, WrongUse
from voiceassist.knowledge.editions import folder
from voiceassist.resources import data_folder

ROOT = Path(__file__).parents[2]
TURNS = ROOT / "demo" / "turns"
LIBRARY = ROOT / "demo" / "library"

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(name="profile", scope="module")
def _profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's board without its language model."""
    text = (data_folder("firmware_config") / "generic-x86" / "profile.toml").read_text()
    path = tmp_path_factory.mktemp("board") / "small.toml"
    path.write_text(re.sub(r"\[generate\][^\[]*", "", text))
    try:
        for model in load_profile(str(path)).models:
            default_store().folder(model)
    except Unavailable as error:
        pytest.skip(str(error))
    return path


@pytest.fixture(name="edition", scope="module")
def _edition(profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition of a few of the demonstration's documents."""
    base = tmp_path_factory.mktemp("library")
    source, target = base / "documents", base / "edition"
    source.mkdir()
    for name in ("back-pain.md", "acetaminophen-doses.md", "bells-palsy.md", "gout.md"):
        (source / name).write_bytes((LIBRARY / name).read_bytes())
    embedder = Engines(load_profile(str(profile)), default_store()).embedder()
    folder.build(source, target, embedder, folder.load_signer(None, target), now_s=1_800_000_000)
    return target


def ask(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(app, ["ask", *map(str, arguments), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, [json.loads(x) for x in result.stdout.splitlines()], result.stderr


def test_recordings_are_answered_as_the_laws_ask(
    profile: Path, edition: Path, tmp_path: Path
) -> None:
    """Spoken turns are heard, judged and answered; a bad file is one line and status 1."""
    bad = tmp_path / "notes.wav"
    bad.write_text("no audio")
    files = [TURNS / name for name in ("00-library.flac", "04-phi.flac", "11-command.flac")]
    code, turns, errors = ask(
        files[0], bad, *files[1:], "--edition", edition, "--profile", profile, "--out", tmp_path
    )
    assert code == 1
    assert f"{bad}: not audio" in errors.replace("\n", " ")
    question, phi, command = turns
    assert all(turn["woke"] for turn in turns)
    assert "back pain" in question["heard"].lower()
    assert "jarvis" not in question["heard"].lower()
    assert not question["verdict"]["held"]
    assert question["sources"][0]["document"] == "back-pain"
    assert question["sources"][0]["quote"] in (LIBRARY / "back-pain.md").read_text()
    assert phi["verdict"]["held"]
    assert phi["route"] == "room"
    assert command["route"] == "command"
    assert question["speech_end_to_first_audio"] > question["timings"]["endpoint"] > 500
    assert soundfile.info(str(tmp_path / "00-library.wav")).duration > 3
    assert not (tmp_path / "11-command.wav").exists()


def test_words_are_answered_like_speech(profile: Path, edition: Path) -> None:
    """--text asks with words; what the library lacks is said so."""
    code, turns, _ = ask(
        "--text", "what is the first line treatment for bell's palsy",
        "who won the football game", "--edition", edition, "--profile", profile,
    )  # fmt: skip
    assert code == 0
    assert turns[0]["sources"][0]["document"] == "bells-palsy"
    assert turns[1]["sentences"] == ["The library has nothing on that."]


def test_an_altered_weight_is_refused(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weight whose bytes changed ends the command with an error, before anything is heard."""
    monkeypatch.setenv("VOICEASSIST_APPLIANCE__MODELS_DIR", str(tmp_path / "models"))
    model = load_profile(str(profile)).embed.model
    real = default_store()
    target = tmp_path / "models" / real.folder_of(model).relative_to(real.root)
    target.mkdir(parents=True)
    for path in real.folder_of(model).iterdir():
        (target / path.name).write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(Unverified):
        ask("--text", "anything", "--profile", profile)


def test_a_missing_weight_says_how_to_get_it(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty model store is one line that names the command to fill it."""
    monkeypatch.setenv("VOICEASSIST_APPLIANCE__MODELS_DIR", str(tmp_path))
    with pytest.raises(VoiceAssistError, match="models pull"):
        ask("--text", "anything", "--profile", profile)


def test_a_folder_without_an_edition_is_wrong_use(profile: Path, tmp_path: Path) -> None:
    """--edition on a folder that holds none says how to make one."""
    with pytest.raises(WrongUse, match="knowledge build"):
        ask("--text", "anything", "--edition", tmp_path, "--profile", profile)
