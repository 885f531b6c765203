from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.audit.schemas import Filters
from hub.cli import app
from hub.fleet.broker import bind_address
from hub.settings import HubSettings, load
from hub.wiring import Container, Rooms, open_rooms
from voiceassist.errors import BadInput, Unavailable, WrongUse

TEXT = "# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(f'clinic = "demo"\ndata_dir = "{tmp_path / "data"}"\n')
    return path


@pytest.fixture
def run(config: Path) -> Callable[..., str]:
    """Runs a command with the settings; an error of its own passes through."""

    def call(*arguments: object) -> str:
        words = [*map(str, arguments), "--config", str(config)]
        result = CliRunner().invoke(app, words, catch_exceptions=False, standalone_mode=False)
        return result.stdout

    return call


@pytest.fixture
def without_weights(monkeypatch: pytest.MonkeyPatch, embedders: Any) -> None:
    """The commands embed by hashes instead of the board's model."""

    def opened(settings: Any) -> Rooms:
        rooms = open_rooms(settings)
        rooms.embedding._embedder = embedders()
        return rooms

    monkeypatch.setattr("hub.commands.common.open_rooms", opened)


def test_init_makes_everything_once(run: Callable[..., str]) -> None:
    """The second time nothing changes, and the code is printed again only when asked for."""
    first = json.loads(run("init", "--json"))
    assert {"ca", "hub", "broker", "edition", "ack"} <= set(first["made"])
    assert len(first["setup_code"]) == 19
    second = json.loads(run("init", "--json"))
    assert (second["made"], second["setup_code"], second["needs_setup"]) == ([], None, True)
    third = json.loads(run("init", "--new-code", "--json"))
    assert third["setup_code"] not in {None, first["setup_code"]}
    assert "made: nothing" in run("init")


def test_nothing_works_before_init_and_says_so(run: Callable[..., str]) -> None:
    """A hub that was not made yet names the command that makes it."""
    for command in (["documents", "list"], ["run"], ["broker-config", "--out", "x"]):
        with pytest.raises(WrongUse, match="hub init"):
            run(*command)


@pytest.mark.usefixtures("without_weights")
def test_a_folder_becomes_an_edition(run: Callable[..., str], tmp_path: Path) -> None:
    """Documents in, indexed, published, listed: all of it without a running hub."""
    run("init")
    folder = tmp_path / "library"
    (folder / "drugs").mkdir(parents=True)
    (folder / "gout.md").write_text(TEXT)
    (folder / "drugs" / "statins.md").write_text("# Statins\n\nStop simvastatin for a week.\n")
    (folder / "notes.xyz").write_text("not a document")
    report = json.loads(run("documents", "add", folder, "--json"))
    assert {one["id"] for one in report["added"]} == {"gout", "drugs-statins"}
    assert {one["job"]["state"] for one in report["added"]} == {"done"}
    again = json.loads(run("documents", "add", folder, "--json"))
    assert (again["added"], sorted(again["known"])) == ([], ["drugs/statins.md", "gout.md"])
    assert json.loads(run("editions", "publish", "--json"))["documents"] == 2
    assert [one["version"] for one in json.loads(run("editions", "list", "--json"))] == [1]
    run("documents", "remove", "gout")
    assert [one["id"] for one in json.loads(run("documents", "list", "--json"))] == [
        "drugs-statins"
    ]


@pytest.mark.usefixtures("without_weights")
def test_a_folder_costs_no_look_at_each_document_for_each_job(
    run: Callable[..., str], tmp_path: Path, without_weights: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of documents are waited for by one question a job, not by one a document."""
    run("init")
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(5):
        (folder / f"d{number}.md").write_text(TEXT.replace("500", str(number)))
    monkeypatch.setattr("hub.documents.service.DocumentService.get", None)
    assert len(json.loads(run("documents", "add", folder, "--json"))["added"]) == 5


def test_keys_rotate_and_editions_roll_back(run: Callable[..., str], tmp_path: Path) -> None:
    """Both are one command, publish what the rooms must fetch, and stand in the audit trail."""
    run("init")
    (tmp_path / "gout.md").write_text(TEXT)
    assert json.loads(run("keys", "rotate", "--json")) == {"keys": 2, "edition": None}
    run("documents", "add", tmp_path / "gout.md")
    run("editions", "publish")
    assert json.loads(run("editions", "rollback", 1, "--json"))["version"] == 2
    assert json.loads(run("keys", "rotate", "--json")) == {"keys": 3, "edition": 3}
    rooms = open_rooms(load(tmp_path / "hub.toml"))
    found, _total = rooms.audit.search(Filters(action="keys.rotated"), 0, 10)
    rooms.database.close()
    assert [(one.subject, one.outcome) for one in found] == [
        ("3", "done"),
        ("3", "begun"),
        ("2", "done"),
        ("2", "begun"),
    ]
    assert json.loads(run("init", "--json"))["made"] == []


@pytest.mark.weights
def test_a_hub_that_was_put_back_says_so(run: Callable[..., str], tmp_path: Path) -> None:
    """One command begins a new audit log behind what the copy has, and the trail tells why."""
    run("init")
    first, second = (run("restored", "--why", why) for why in ("disk-lost", "exercise"))
    assert first != second
    rooms = open_rooms(load(tmp_path / "hub.toml"))
    found, _total = rooms.audit.search(Filters(action="audit.restored"), 0, 10)
    report = rooms.audit.verify_all()
    rooms.database.close()
    assert [one.detail["why"] for one in found] == ["exercise", "disk-lost"]
    assert report.ok
    assert report.log.rsplit("/", 1)[1] in second


def test_the_boards_own_model_indexes_and_finds(settings: HubSettings) -> None:
    """With the real embedder a question finds its passage by meaning, in other words."""
    rooms = open_rooms(settings)
    try:
        rooms.embedding.get()
    except Unavailable as error:
        rooms.database.close()
        pytest.skip(str(error))
    rooms.documents.add("gout.md", TEXT.encode(), "test")
    rooms.documents.add("throat.md", b"# Sore throat\n\nMost get well by themselves.\n", "test")
    while rooms.worker.step():
        pass
    rooms.editions.publish("test")
    container = Container(rooms)
    found = container.library.find("which painkiller for an attack in the big toe joint", 1)
    container.stop()
    assert found[0].document == "gout"
    assert rooms.documents.serving()[0].embedding.dimension == 384


@pytest.mark.usefixtures("without_weights")
def test_a_bad_file_among_good_ones_is_told_and_the_rest_taken(
    run: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One bad file costs no other one, and the command fails with its reason."""
    run("init")
    (tmp_path / "gout.md").write_text(TEXT)
    (tmp_path / "bad.pdf").write_text("no PDF")
    with pytest.raises(BadInput, match="1 of 2 files"):
        run("documents", "add", tmp_path / "gout.md", tmp_path / "bad.pdf")
    assert "gout" in run("documents", "list")


def test_what_is_not_there_can_not_be_added(run: Callable[..., str], tmp_path: Path) -> None:
    """A wrong path and a folder without documents are told apart."""
    run("init")
    with pytest.raises(WrongUse, match="no file or folder"):
        run("documents", "add", tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WrongUse, match="no documents there"):
        run("documents", "add", tmp_path / "empty")


def test_a_missing_model_is_told_at_once_and_nothing_is_lost(
    run: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without weights the documents wait in the queue and the command says what to do."""
    monkeypatch.setenv("VOICEASSIST_MODELS", str(tmp_path / "no-models"))
    run("init")
    (tmp_path / "gout.md").write_text(TEXT)
    with pytest.raises(Unavailable, match="models pull"):
        run("documents", "add", tmp_path / "gout.md")
    (waiting,) = json.loads(run("documents", "list", "--json"))
    assert waiting["job"]["state"] == "queued"


def test_a_data_folder_that_can_not_be_made_is_told(config: Path, run: Callable[..., str]) -> None:
    """The line names data_dir and the remedy."""
    blocked = config.parent / "file"
    blocked.write_text("")
    config.write_text(f'clinic = "demo"\ndata_dir = "{blocked / "data"}"\n')
    with pytest.raises(WrongUse, match="data_dir"):
        run("init")


def test_a_room_is_enrolled_by_files(run: Callable[..., str], tmp_path: Path, box: Any) -> None:
    """The request in, the kit out, and the room listed."""
    run("init")
    request, kit = tmp_path / "request.json", tmp_path / "kit.json"
    request.write_text(box.request().model_dump_json())
    run("rooms", "enrol", request, "--out", kit)
    assert json.loads(kit.read_text())["hub_url"] == "https://127.0.0.1:8443"
    (listed,) = json.loads(run("rooms", "list", "--json"))
    assert listed["room"] == "exam-1"
    assert "never seen" in run("rooms", "list")
    for text in ("{}", "no json", '{"room": "a/b"}'):
        request.write_text(text)
        with pytest.raises(BadInput, match="make a new one"):
            run("rooms", "enrol", request, "--out", kit)
    with pytest.raises(WrongUse, match="can't be read"):
        run("rooms", "enrol", tmp_path / "none.json", "--out", kit)


def test_the_brokers_files_say_where_they_will_stand(
    run: Callable[..., str], tmp_path: Path
) -> None:
    """Written in one place for another, secrets readable by their owner alone, once."""
    run("init")
    out = tmp_path / "broker"
    run("broker-config", "--out", out, "--at", "/etc/mosquitto/x", "--data", "/var/lib/m")
    written = (out / "mosquitto.conf").read_text()
    assert "cafile /etc/mosquitto/x/ca.crt" in written
    assert "persistence_location /var/lib/m/" in written
    assert "listener 8883 127.0.0.1" in written
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    report = run("broker-config", "--out", out, "--at", "/etc/mosquitto/x", "--data",
                 "/var/lib/m", "--json")  # fmt: skip
    assert json.loads(report)["changed"] == []


@pytest.mark.parametrize(
    ("host", "bind", "address"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("localhost", "", "127.0.0.1"),
        ("hub.clinic.example", "", ""),
        ("10.0.0.5", "", ""),
        ("hub.clinic.example", "10.0.0.5", "10.0.0.5"),
    ],
)
def test_the_broker_of_one_machine_listens_on_it_alone(host: str, bind: str, address: str) -> None:
    """A broker that only this machine needs is not offered to others."""
    assert bind_address(host, bind) == address


@pytest.mark.usefixtures("without_weights")
def test_accounts_are_kept_from_the_command_line(run: Callable[..., str], tmp_path: Path) -> None:
    """Who is locked out is let in again by whoever has the machine, and the trail has it."""
    run("init")
    made = json.loads(run("users", "add", "a@b.example", "--name", "A", "--json"))
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", made["code"])
    again = json.loads(run("users", "reset", "A@B.example", "--json"))
    assert again["code"] != made["code"]
    (listed,) = json.loads(run("users", "list", "--json"))
    assert (listed["role"], listed["state"]) == ("clinician", "active")
    assert json.loads(run("init", "--json"))["needs_setup"] is True
