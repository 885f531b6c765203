"""From the administrator's order to the room's signed word, over a real Mosquitto."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.commands.commands import Commands
from appliance.commands.taken import TakenStore
from appliance.enrol import Identity, accept_enrolment, load_identity, request_enrolment
from appliance.journal.journal import Journal
from appliance.sync.broker import Reconnect
from appliance.sync.sync import Sync, Times
from hub.audit.schemas import Filters
from hub.fleet.broker import access_list
from hub.fleet.schemas import EnrolRequest
from hub.settings import HubSettings, MqttSettings
from tests.appliance.small_clinic import Mosquitto
from voiceassist.contract.wire import RoomState
from voiceassist.timekeeping import SystemClock

pytestmark = [pytest.mark.broker, pytest.mark.slow]
COMMANDS = "/api/v1/rooms/exam-1/commands"


async def until(holds: Callable[[], Any], what: str) -> Any:
    for _ in range(600):
        if found := holds():
            return found
        await asyncio.sleep(0.05)
    return pytest.fail(f"never came: {what}")


@pytest.fixture
def mosquitto(made: Path, tmp_path: Path) -> Any:
    from hub.fleet.keys import load_keys  # noqa: PLC0415 - the broker is the hub's own

    keys = load_keys(made / "keys")
    broker = Mosquitto(tmp_path / "broker", keys.authority, dt.datetime.now(dt.UTC))
    (tmp_path / "broker" / "acl").write_text(access_list("demo"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def settings(settings: HubSettings, mosquitto: Mosquitto) -> HubSettings:
    there = MqttSettings(host="127.0.0.1", port=mosquitto.port)
    return settings.model_copy(update={"mqtt": there})


@dataclass
class Room:
    """A box's own code, but for what the verbs do."""

    folder: Path
    identity: Identity
    did: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.journal = Journal(
            self.folder / "journal", self.identity.room, self.identity.signer, SystemClock(), "b"
        )
        self.sync = Sync(
            self.identity, self.journal, SystemClock(),
            state=lambda: RoomState(room=self.identity.room, status="ready"),
            on_command=self.ordered,
            times=Times(tick_s=0.05, reconnect=Reconnect(1, 1)),
        )  # fmt: skip
        acts = {verb: lambda verb=verb: self.did.append(verb) for verb in ("identify", "report")}
        store = TakenStore(self.folder / "commands.sqlite")
        self.commands = Commands(self.identity, store, self.journal, acts, self.sync.reply)  # type: ignore[arg-type]
        self.commands.start()
        self.sync.start()

    def ordered(self, payload: bytes) -> None:
        self.commands.take(payload)

    def stop(self) -> None:
        self.commands.stop()
        self.sync.stop()
        self.journal.close()


@pytest.fixture
async def room(hub: Any, tmp_path: Path) -> AsyncIterator[Room]:
    folder = tmp_path / "room"
    request = request_enrolment("exam-1", folder)
    asked = EnrolRequest.model_validate_json(request.read_bytes())
    (folder / "kit.json").write_text(hub.rooms.fleet.enrol(asked, "test").model_dump_json())
    accept_enrolment(folder / "kit.json", folder)
    made = Room(folder, load_identity(folder))
    made.start()
    yield made
    await asyncio.to_thread(made.stop)


@dataclass
class It:
    """Somebody who is signed in at the hub."""

    hub: Any
    headers: dict[str, str]

    async def order(self, verb: str) -> str:
        answer = await self.hub.client.post(COMMANDS, json={"verb": verb}, headers=self.headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["id"])

    async def outcome(self, command: str) -> dict[str, Any]:
        for _ in range(600):
            answer = await self.hub.client.get(f"{COMMANDS}/{command}", headers=self.headers)
            if answer.json()["data"]["outcome"]:
                return dict(answer.json()["data"])
            await asyncio.sleep(0.05)
        return pytest.fail("no outcome came")


@pytest.fixture
async def it(hub: Any) -> It:
    headers = await hub.sign_in()
    hub.container.start()
    await until(lambda: hub.container.mqtt.connected, "the hub at the broker")
    return It(hub, headers)


async def test_from_the_order_to_the_rooms_word(it: It, room: Room) -> None:
    """Ordered over HTTP, done in the room, answered, recorded by both, and all of it is shown."""
    first = await it.outcome(await it.order("identify"))
    assert (first["outcome"], first["replied"], first["problem"]) == ("done", True, "")
    second = await it.outcome(await it.order("mute"))
    assert second["outcome"] == "refused"
    assert "'mute'" in second["problem"]
    assert room.did == ["identify"]

    def trail() -> set[tuple[str, str, str]]:
        found, _ = it.hub.rooms.audit.search(Filters(), 0, 100)
        wanted = (one for one in found if one.action.startswith("command"))
        return {(one.box, one.action, one.outcome) for one in wanted}

    expected = {
        ("hub", "command.issued", "done"), ("exam-1", "command", "taken"),
        ("hub", "command.answered", "done"), ("hub", "command.answered", "refused"),
    }  # fmt: skip
    await until(lambda: trail() == expected, "the entries of both machines")


async def test_a_room_or_a_broker_that_was_away_misses_nothing(
    it: It, room: Room, mosquitto: Mosquitto
) -> None:
    """Ordered while the room is off, and while the broker is: each is done once, when it can be."""
    await asyncio.to_thread(room.stop)
    away = await it.order("identify")
    await asyncio.sleep(1.5)
    room.start()
    assert (await it.outcome(away))["outcome"] == "done"
    await asyncio.to_thread(mosquitto.stop, signal.SIGKILL)
    await until(lambda: not it.hub.container.mqtt.connected, "the loss of the broker")
    dead = await it.order("report")
    await asyncio.sleep(1.5)
    await asyncio.to_thread(mosquitto.start)
    assert (await it.outcome(dead))["outcome"] == "done"
    assert room.did == ["identify", "report"]
