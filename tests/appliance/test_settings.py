from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from appliance.settings import load
from voiceassist.errors import WrongUse


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "appliance.toml"
    path.write_text(text)
    return path


def test_a_file_is_read_and_frozen(tmp_path: Path) -> None:
    """What the file says holds, what it leaves out is the default, and nothing changes later."""
    settings = load(
        written(tmp_path, f'data_dir = "{tmp_path}"\n[listen]\nend_ms = 800\n[phi]\nallow = ["x"]')
    )
    assert settings.listen.end_ms == 800
    assert settings.phi.allow == ("x",)
    assert settings.policy.escalate == "cleared"
    assert settings.policy.generalise is False
    with pytest.raises(ValidationError):
        settings.room = "other"


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment overrides the file."""
    path = written(tmp_path, f'data_dir = "{tmp_path}"\n[policy]\nescalate = "cleared"')
    monkeypatch.setenv("VOICEASSIST_APPLIANCE__POLICY__ESCALATE", "never")
    assert load(path).policy.escalate == "never"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("data_dir = '/x'\nvolume = 3", "volume"),
        ("data_dir = '/x'\n[policy]\nescalat = 'never'", "policy.escalat"),
        ("data_dir = '/x'\n[policy]\nescalate = 'always'", "policy.escalate"),
        ("data_dir = '/x'\n[panel]\nhost = '0.0.0.0'", "panel.host"),
        ("data_dir = '/x'\n[listen]\nend_ms = 5", "listen.end_ms"),
        ("data_dir = '/x'\n[peers]\nzone = 'Ward 3'", "peers.zone"),
        ("data_dir = '/x'\n[peers]\ngroup = 'lan'", "peers.group"),
        ("room = 'a'", "data_dir"),
        ("data_dir = ", "TOML"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, names: str) -> None:
    """A wrong or unknown key is wrong use, in one line that names it and the file."""
    path = written(tmp_path, text)
    with pytest.raises(WrongUse) as caught:
        load(path)
    assert names in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable with our prefix that is no setting is wrong use."""
    monkeypatch.setenv("VOICEASSIST_APPLIANCE__VOLUME", "3")
    with pytest.raises(WrongUse, match="VOICEASSIST_APPLIANCE__VOLUME"):
        load(written(tmp_path, f'data_dir = "{tmp_path}"'))


def test_no_file_says_what_to_do(tmp_path: Path) -> None:
    """A missing file is wrong use that names --config."""
    with pytest.raises(WrongUse, match="--config"):
        load(tmp_path / "none.toml")
