from __future__ import annotations

from pathlib import Path

import pytest

from voiceassist.engines.manifest import load_manifest
from voiceassist.engines.profile import load_profile, profile_names
from voiceassist.errors import WrongUse
from voiceassist.resources import data_folder


@pytest.mark.parametrize("name", profile_names())
def test_every_board_asks_for_models_there_are(name: str) -> None:
    """Each board's profile loads, bears its folder's name, and its models are in the manifest."""
    profile = load_profile(name)
    manifest = load_manifest()
    assert profile.name == name
    assert {manifest.model(model).task for model in profile.models} >= {"stt", "tts", "vad"}


def test_an_unknown_board_is_named_with_those_there_are() -> None:
    """A board that has no profile is wrong use, and the line lists the boards that have."""
    with pytest.raises(WrongUse, match=r"'toaster'.*generic-x86, jetson-orin, nuc-intel"):
        load_profile("toaster")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("beam = 5", "beam = 5\nbeams = 5", r"stt\.beams"),
        ("beam = 5", "beam = 0", r"stt\.beam"),
        ('runtime = "openvino"', 'runtime = "abacus"', r"embed\.runtime"),
        ("[vad]", "[vad", "can't be read"),
    ],
)
def test_a_bad_key_is_named_with_its_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    """A profile with a wrong key or value is wrong use: the line names the file and the key."""
    text = (data_folder("firmware_config") / "generic-x86" / "profile.toml").read_text()
    assert old in text
    path = tmp_path / "board.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(WrongUse, match=rf"board\.toml.*{says}"):
        load_profile(str(path))
