from __future__ import annotations

from pathlib import Path

import pytest

from hub.settings import load
from voiceassist.errors import WrongUse

GOOD = 'clinic = "demo"\ndata_dir = "/srv/hub"\n'


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(text)
    return path


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting can be changed for one start, also inside a table."""
    monkeypatch.setenv("VOICEASSIST_HUB__PORT", "9443")
    monkeypatch.setenv("VOICEASSIST_HUB__MQTT__HOST", "broker.example")
    settings = load(_write(tmp_path, GOOD + "port = 8443\n[mqtt]\nport = 1883\n"))
    assert settings.port == 9443
    assert (settings.mqtt.host, settings.mqtt.port) == ("broker.example", 1883)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD + "prot = 1\n", "unknown key 'prot'"),
        (GOOD + '[mqtt]\nhots = "x"\n', "unknown key 'mqtt.hots'"),
        (GOOD + "port = 99999\n", "port: "),
        ('data_dir = "/srv/hub"\n', "clinic: "),
        (GOOD.replace("demo", "Demo/#"), "clinic: "),
        (GOOD + 'log_level = "loud"\n', "log_level: "),
        ("clinic = \n", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    """One line names the file and the key, and it is wrong use."""
    path = _write(tmp_path, text)
    with pytest.raises(WrongUse) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 2


@pytest.mark.parametrize("name", ["VOICEASSIST_HUB__PROT", "VOICEASSIST_HUB__MQTT__HOTS"])
def test_an_unknown_setting_in_the_environment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A misspelt variable does not pass in silence."""
    monkeypatch.setenv(name, "1")
    with pytest.raises(WrongUse, match=r"(?i)prot|hots"):
        load(_write(tmp_path, GOOD))


def test_no_settings_at_all(tmp_path: Path) -> None:
    """A file that is not there is told with the way to name it."""
    with pytest.raises(WrongUse, match="--config"):
        load(tmp_path / "none.toml")


def test_settings_do_not_change_and_show_no_key(tmp_path: Path) -> None:
    """What was read stays, and the provider's key is not in what is logged."""
    settings = load(_write(tmp_path, GOOD + '[cloud]\nurl = "https://x"\nkey = "sk-secret"\n'))
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]
    assert "sk-secret" not in repr(settings)
    assert settings.cloud.secret() == "sk-secret"


def test_the_providers_key_can_stand_in_a_file(tmp_path: Path) -> None:
    """A credential from systemd is read; a missing one is told by its setting's name."""
    key = tmp_path / "key"
    text = GOOD + f'[cloud]\nurl = "https://x"\nkey_file = "{key}"\n'
    settings = load(_write(tmp_path, text))
    with pytest.raises(WrongUse, match=r"cloud\.key_file"):
        settings.cloud.secret()
    key.write_text("sk-file\n")
    assert settings.cloud.secret() == "sk-file"
