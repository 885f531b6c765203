"""Commands to rooms on the hub's side: what is kept, sent, sent again, believed and shown."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import inspect
from typer.testing import CliRunner

from hub.audit.schemas import Filters
from hub.cli import app
from hub.errors import Conflict, NotFound
from hub.fleet.command_store import CommandStore
from hub.fleet.commands import AGAIN_S, MOST_WAITING, CommandService, Courier
from hub.fleet.schemas import CommandOrder, CommandView
from hub.storage.engine import Database
from hub.storage.migrate import _MIGRATIONS, migrate
from voiceassist.contract.command import (
    Command,
    CommandReply,
    Outcome,
    Verb,
    open_command,
    sign_reply,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import Topics
from voiceassist.errors import StoreFull, Unverified

ORDER = CommandOrder(verb=Verb.IDENTIFY, expires_in_s=60)


@dataclass
class Desk:
    """A hub's commands, its time, and what it has sent."""

    rooms: Any
    box: Any
    now_s: int = 1_800_000_000
    connected: bool = True
    sent: list[tuple[str, Command, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = itertools.count(1)
        self.commands = CommandService(
            CommandStore(self.rooms.database), self.rooms.fleet, self.rooms.keys.ack,
            self.rooms.audit, lambda: self.now_s * 1000, clinic="demo",
            new_id=lambda: f"c-{next(ids)}",
        )  # fmt: skip
        self.courier = self.restarted()

    def restarted(self) -> Courier:
        return Courier(self.commands, self.send, lambda: self.now_s * 1000)

    def send(self, room: str, envelope: str, keep_s: int) -> bool:
        if self.connected:
            trusted = KeyRing([self.rooms.keys.ack.public])
            signed = Envelope.from_json(envelope.encode())
            self.sent.append(
                (room, open_command(signed, trusted, clinic="demo", room=room), keep_s)
            )
        return self.connected

    def ids(self) -> list[str]:
        return [command.id for _, command, _ in self.sent]

    def issue(self, room: str = "exam-1", order: CommandOrder = ORDER) -> CommandView:
        return self.commands.issue(room, order, "dana")

    def reply(self, view: CommandView, outcome: Outcome, box: Any = None, **more: Any) -> bytes:
        said = CommandReply(id=view.id, number=view.number, outcome=outcome)
        signer = Signer((box or self.box).machine)
        return sign_reply(said.model_copy(update=more), signer).to_json()

    def trail(self, action: str) -> list[tuple[str, str, str]]:
        found, _ = self.rooms.audit.search(Filters(action=action), 0, 100)
        return [(one.outcome, one.actor, str(one.detail["command"])) for one in reversed(found)]


@pytest.fixture
def desk(rooms: Any, box: Any) -> Desk:
    rooms.fleet.enrol(box.request(), "test")
    return Desk(rooms, box)


def test_a_command_is_kept_recorded_and_sent_until_it_is_answered(desk: Desk) -> None:
    """Sent at the next look, again after a while, and no more once the room's word is there."""
    view = desk.issue()
    assert desk.sent == []
    desk.courier.look()
    desk.courier.look()
    ((room, command, keep_s),) = desk.sent
    assert (room, command.number, command.verb) == ("exam-1", view.number, "identify")
    assert (command.issued_s, command.expires_s) == (desk.now_s, desk.now_s + 60)
    assert keep_s == AGAIN_S
    desk.now_s += AGAIN_S
    desk.courier.look()
    assert desk.ids() == ["c-1", "c-1"]
    desk.commands.take_reply("exam-1", desk.reply(view, Outcome.DONE))
    desk.now_s += AGAIN_S
    desk.courier.look()
    assert desk.ids() == ["c-1", "c-1"]
    kept = desk.commands.get("exam-1", "c-1")
    assert (kept.outcome, kept.replied, kept.answered_ms > 0) == (Outcome.DONE, True, True)
    assert desk.trail("command.issued") == [("done", "dana", "c-1")]
    assert desk.trail("command.answered") == [("done", "exam-1", "c-1")]


def test_nothing_is_sent_that_is_not_recorded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the trail can't take the entry there is no command, and the caller is told."""

    def full(**_entry: object) -> None:
        raise StoreFull("the disk is full; free space")

    monkeypatch.setattr(desk.rooms.audit, "record", full)
    with pytest.raises(StoreFull):
        desk.issue()
    desk.courier.look()
    assert desk.sent == []
    assert desk.commands.count("exam-1") == 0


def test_a_hub_that_dies_after_the_row_sends_it_when_it_is_back(desk: Desk) -> None:
    """What is sent is what the database has: another process sends what this one kept."""
    desk.issue()
    desk.courier.look()
    desk.restarted().look()
    assert desk.ids() == ["c-1", "c-1"]


def test_a_broker_that_is_away_or_comes_back_costs_nothing(desk: Desk) -> None:
    """Nothing counts as sent while the broker is away; when it is back all is sent at once."""
    desk.connected = False
    desk.issue()
    desk.courier.look()
    desk.connected = True
    desk.courier.look()
    desk.courier.again()
    desk.courier.look()
    assert desk.ids() == ["c-1", "c-1"]


async def test_each_new_connection_listens_for_replies_and_sends_anew(hub: Any) -> None:
    """The broker may have lost what it had: nothing counts as sent once it is back."""
    courier, client = hub.container._courier, MagicMock()
    courier._sent_s = {"c-1": 1}
    hub.container.mqtt._on_connect(client, None, None, MagicMock(is_failure=False), None)
    ((asked,),) = [call.args for call in client.subscribe.call_args_list]
    assert Topics("demo").replies in [topic for topic, _ in asked]
    assert courier._sent_s == {}


def test_a_rooms_commands_never_overtake_each_other(desk: Desk, make_box: Any) -> None:
    """The next is sent once the one before is answered or over; other rooms don't wait for it."""
    desk.rooms.fleet.enrol(make_box("exam-2").request(), "test")
    first = desk.issue(order=CommandOrder(verb=Verb.REPORT, expires_in_s=30))
    second, _third = desk.issue(), desk.issue("exam-2")
    assert first.number < second.number
    desk.courier.look()
    assert desk.ids() == ["c-1", "c-3"]
    desk.commands.take_reply("exam-1", desk.reply(first, Outcome.REFUSED, problem="busy"))
    desk.courier.look()
    assert desk.ids() == ["c-1", "c-3", "c-2"]


def test_a_command_ends_with_its_time_and_a_late_reply_is_still_believed(desk: Desk) -> None:
    """Without a word the hub says expired, once; what the room says later is what happened."""
    view = desk.issue()
    desk.now_s += 55
    desk.courier.look()
    assert desk.sent[-1][2] == 5, "the broker keeps it no longer than it is good for"
    desk.now_s += 5
    for _ in range(3):
        desk.courier.look()
    ended = desk.commands.get("exam-1", "c-1")
    assert (ended.outcome, ended.replied) == (Outcome.EXPIRED, False)
    assert "connected" in ended.problem
    assert desk.trail("command.expired") == [("expired", "hub", "c-1")]
    desk.commands.take_reply("exam-1", desk.reply(view, Outcome.DONE))
    kept = desk.commands.get("exam-1", "c-1")
    assert (kept.outcome, kept.problem) == (Outcome.DONE, "")
    desk.courier.look()
    assert len(desk.trail("command.expired")) == 1


def test_a_forged_reply_changes_nothing(desk: Desk, make_box: Any) -> None:
    """Another key, another room, another number, another kind of word, or junk: all are dropped."""
    other = make_box("exam-2")
    desk.rooms.fleet.enrol(other.request(), "test")
    view = desk.issue()
    good = desk.reply(view, Outcome.DONE)
    for room, payload in (
        ("exam-1", desk.reply(view, Outcome.DONE, other)),
        ("exam-2", desk.reply(view, Outcome.DONE, other)),
        ("exam-2", good),
        ("ghost", good),
        ("exam-1", desk.reply(view, Outcome.DONE, number=view.number + 1)),
        ("exam-1", desk.reply(view, Outcome.DONE, id="c-9")),
        ("exam-1", Signer(desk.box.machine).sign("text/plain", b"{}").to_json()),
        ("exam-1", good[:-9]),
        ("exam-1", b"x" * 100_000),
    ):
        with pytest.raises((Unverified, NotFound)):
            desk.commands.take_reply(room, payload)
    assert desk.commands.get("exam-1", view.id).outcome is None
    assert desk.trail("command.answered") == []


def test_the_first_word_of_a_room_stands(desk: Desk) -> None:
    """A reply that comes twice is recorded once, and another one does not replace it."""
    view = desk.issue()
    for outcome in (Outcome.FAILED, Outcome.FAILED, Outcome.DONE):
        desk.commands.take_reply("exam-1", desk.reply(view, outcome))
    assert desk.commands.get("exam-1", view.id).outcome is Outcome.FAILED
    assert len(desk.trail("command.answered")) == 1


def test_a_hub_that_was_restored_goes_on_above_what_it_forgot(desk: Desk, rooms: Any) -> None:
    """Numbers are no lower than the time, so that rooms take the commands of an older database."""
    numbers = [desk.issue().number for _ in range(5)]
    assert numbers == sorted(set(numbers))
    rooms.database.engine.dispose()
    with rooms.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM fleet_commands")
    desk.now_s += 60
    assert desk.commands.issue("exam-1", ORDER, "dana").number > numbers[-1]


def test_too_many_without_a_reply_are_refused(desk: Desk) -> None:
    """A room that says nothing does not gather commands without end."""
    for _ in range(MOST_WAITING):
        desk.issue()
    with pytest.raises(Conflict, match="no reply"):
        desk.issue()


async def test_commands_over_http(hub: Any, box: Any, fail: Any) -> None:
    """Issued with 202, seen by its id and in the list, newest first; what is not there is told."""
    headers = await hub.sign_in()
    hub.rooms.fleet.enrol(box.request(), "test")
    path = "/api/v1/rooms/exam-1/commands"

    async def post(body: object, where: str = path) -> Any:
        return await hub.client.post(where, json=body, headers=headers)

    async def get(where: str) -> Any:
        return await hub.client.get(where, headers=headers)

    made = await post({"verb": "report"})
    assert made.status_code == 202, made.text
    first = made.json()["data"]
    assert first["expires_s"] - first["issued_s"] == 300
    assert (first["outcome"], first["verb"]) == (None, "report")
    second = (await post({"verb": "identify", "expires_in_s": 10})).json()["data"]
    listed = (await get(f"{path}?size=1")).json()
    assert [one["id"] for one in listed["data"]] == [second["id"]]
    assert listed["metadata"]["pagination"] == {"page": 1, "size": 1, "total": 2}
    assert (await get(f"{path}/{first['id']}")).json()["data"] == first
    assert (await get("/api/v1/rooms/exam-1")).json()["data"]["room"] == "exam-1"
    for wrong in (
        {}, {"verb": "unmute"}, {"verb": "report", "expires_in_s": 9},
        {"verb": "report", "expires_in_s": 86_401}, {"verb": "report", "more": 1},
    ):  # fmt: skip
        fail(await post(wrong), 422, "VALIDATION_ERROR")
    fail(await post({"verb": "report"}, "/api/v1/rooms/ghost/commands"), 404, "NOT_FOUND")
    for where in (
        "/api/v1/rooms/ghost", "/api/v1/rooms/ghost/commands", f"{path}/none",
        f"/api/v1/rooms/ghost/commands/{first['id']}",
    ):  # fmt: skip
        fail(await get(where), 404, "NOT_FOUND")


def test_a_command_from_the_command_line_waits_for_the_running_hub(
    desk: Desk, tmp_path: Path
) -> None:
    """The command line only keeps it; the hub that runs beside it sends it."""
    config = tmp_path / "hub.toml"
    config.write_text(f'clinic = "demo"\ndata_dir = "{tmp_path / "data"}"\n')

    def run(*words: str) -> Any:
        call = ["rooms", *words, "--config", str(config), "--json"]
        result = CliRunner().invoke(app, call, catch_exceptions=False, standalone_mode=False)
        return json.loads(result.stdout)

    made = run("command", "exam-1", "fetch_edition", "--expires-in", "600")
    desk.now_s = made["issued_s"]
    desk.courier.look()
    assert desk.ids() == [made["id"]]
    assert run("commands", "exam-1") == [made]
    assert desk.trail("command.issued") == [("done", "command-line", made["id"])]


def test_the_migration_goes_back(tmp_path: Path) -> None:
    """Taken back, the table is gone; applied again, it is there."""
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    migrate(database, "0005")
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with database.engine.execution_options(begin="IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        alembic.downgrade(config, "-1")
        assert "fleet_commands" not in inspect(connection).get_table_names()
    migrate(database, "0005")
    with database.engine.connect() as connection:
        assert "fleet_commands" in inspect(connection).get_table_names()
    database.close()
