from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import httpx
import pytest

from demo import commands, layout
from demo.administrator import Administrator
from demo.layout import Ports, find_mosquitto, hub_settings, make_layout, write_private
from demo.processes import Crew
from voiceassist.errors import Unavailable, WrongUse


def test_the_directory_is_the_owner_s_own(tmp_path: Path) -> None:
    """Nobody else may look into the demonstration's directory."""
    made = make_layout(tmp_path / "demo")
    assert stat.S_IMODE(made.root.stat().st_mode) == 0o700
    write_private(made.cloud_key, "k")
    assert stat.S_IMODE(made.cloud_key.stat().st_mode) == 0o600


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """A demonstration never writes over what is there."""
    (tmp_path / "mine").touch()
    with pytest.raises(WrongUse, match="not empty"):
        make_layout(tmp_path)


def test_a_directory_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way gets one line that says what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(WrongUse, match="name another"):
        make_layout(tmp_path / "file" / "demo")


def test_the_hub_s_settings_are_toml(tmp_path: Path) -> None:
    """The settings written are what the hub reads."""
    ports = Ports(hub=1, broker=2, cloud=3, panel=4)
    read = tomllib.loads(hub_settings(make_layout(tmp_path), ports, "m"))
    assert (read["port"], read["mqtt"]["port"]) == (1, 2)
    assert read["cloud"]["url"] == "http://127.0.0.1:3/v1"
    assert "key" not in read["cloud"]


def test_a_missing_broker_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Mosquitto the line names the command that installs it."""
    monkeypatch.setattr(layout.shutil, "which", lambda *_a, **_k: None)
    with pytest.raises(WrongUse, match="apt-get install mosquitto"):
        find_mosquitto()


def test_a_command_s_failure_keeps_its_line_and_status(tmp_path: Path) -> None:
    """What the product's own command line says is what the demonstration says."""
    with Crew(tmp_path) as crew, pytest.raises(Unavailable, match="no command 'non") as caught:
        commands.run(crew, "nonsense")
    assert caught.value.exit_status == 2


def test_a_command_s_output_comes_back(tmp_path: Path) -> None:
    """A command that succeeds gives what it printed."""
    with Crew(tmp_path) as crew:
        assert commands.run(crew, "--version").startswith("voiceassist ")


def hub(answers: dict[str, httpx.Response]) -> Administrator:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/audit/verify":
            assert request.headers["Authorization"] == "Bearer token"
        return answers[request.url.path]

    transport = httpx.MockTransport(handle)
    return Administrator(httpx.Client(base_url="https://hub/api/v1", transport=transport))


def good(data: object) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "data": data})


def test_the_administrator_signs_in_and_verifies() -> None:
    """The setup code makes an administrator whose token then reads the trail."""
    person = hub(
        {
            "/api/v1/auth/setup": good({"id": "1"}),
            "/api/v1/auth/login": good({"access_token": "token"}),
            "/api/v1/audit/verify": good({"ok": True, "entries": 3}),
        }
    )
    account = person.set_up("code")
    assert len(account.password) >= 12
    assert account.password not in repr(account)
    assert person.audit() == {"ok": True, "entries": 3}


def test_the_hub_s_refusal_is_passed_on() -> None:
    """A refusal carries the hub's own words."""
    refused = httpx.Response(401, json={"success": False, "error": {"message": "wrong code"}})
    with pytest.raises(Unavailable, match="wrong code"):
        hub({"/api/v1/auth/setup": refused}).set_up("x")


def test_a_hub_that_is_not_there_is_not_ready() -> None:
    """Asking too early is no error."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    client = httpx.Client(base_url="https://hub", transport=httpx.MockTransport(nobody))
    assert not Administrator(client).ready()
    with pytest.raises(Unavailable, match="does not answer"):
        Administrator(client).audit()
