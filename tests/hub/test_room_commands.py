from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.command import CommandReply, Verb, open_command, sign_reply
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import Topics

API = "/api/v1/rooms/exam-1/commands"


@pytest.fixture
def fleet(hub: Any, box: Any) -> Any:
    """A hub with one room; what would go over the broker is kept."""
    hub.rooms.fleet.enrol(box.request(), "t")
    hub.sent = []
    hub.rooms.commands.send = lambda room, envelope: hub.sent.append((room, envelope)) or True
    hub.box = box
    return hub


def _answer(hub: Any, command: str, outcome: str = "done", key: Any = None) -> None:
    reply = CommandReply.model_validate(
        {"id": command, "room": "exam-1", "number": 1, "outcome": outcome}
    )
    signed = sign_reply(reply, Signer(key or hub.box.machine))
    hub.rooms.commands.on_reply(Topics("demo").reply("exam-1"), signed.to_json())


async def _issue(hub: Any, verb: str = "report", **more: Any) -> Any:
    headers = hub.headers = await hub.sign_in_as("it", f"{len(hub.sent)}@clinic.example")
    return await hub.client.post(API, json={"verb": verb, **more}, headers=headers)


async def test_a_command_goes_out_signed_and_is_settled_by_its_room(fleet: Any) -> None:
    """From IT's word to the room's answer, each step in the trail."""
    issued = (await _issue(fleet)).json()["data"]
    assert (issued["outcome"], issued["number"]) == ("sent", 1)
    ((room, envelope),) = fleet.sent
    opened = open_command(
        Envelope.from_json(envelope), KeyRing([fleet.rooms.keys.ack.public]),
        clinic="demo", room=room, now_s=issued["issued_s"],
    )  # fmt: skip
    assert (opened.id, opened.verb) == (issued["id"], Verb.REPORT)
    _answer(fleet, issued["id"])
    seen = await fleet.client.get(f"{API}/{issued['id']}", headers=fleet.headers)
    assert seen.json()["data"]["outcome"] == "done"
    auditor = await fleet.sign_in_as("auditor")
    trail = await fleet.client.get("/api/v1/audit?action=room.command", headers=auditor)
    assert [one["outcome"] for one in trail.json()["data"]] == ["done", "issued"]


async def test_it_is_sent_again_until_it_is_answered_or_over(fleet: Any, monkeypatch: Any) -> None:
    """A room that was away gets it later; one that stays away lets it expire."""
    commands = fleet.rooms.commands
    now_ms = commands._clock()
    monkeypatch.setattr(commands, "_clock", lambda: now_ms)
    first = (await _issue(fleet, expires_in_s=60)).json()["data"]
    commands.look()
    assert len(fleet.sent) == 1
    now_ms += 15_000
    commands.look()
    assert len(fleet.sent) == 2
    assert fleet.sent[0] == fleet.sent[1], "the same command, not another"
    now_ms += 106_000
    commands.look()
    assert len(fleet.sent) == 2
    assert commands.get("exam-1", first["id"]).outcome == "expired"
    _answer(fleet, first["id"])
    assert commands.get("exam-1", first["id"]).outcome == "expired"


async def test_without_a_broker_it_waits(fleet: Any) -> None:
    """A command that could not be sent is kept, and sent when the broker is back."""
    send, fleet.rooms.commands.send = fleet.rooms.commands.send, lambda *_: False
    assert (await _issue(fleet)).status_code == 202
    fleet.rooms.commands.look()
    assert fleet.sent == []
    fleet.rooms.commands.send = send
    fleet.rooms.commands.look()
    assert len(fleet.sent) == 1


async def test_only_the_rooms_own_answer_settles_it(fleet: Any) -> None:
    """A forged, a foreign and a malformed answer change nothing."""
    issued = (await _issue(fleet)).json()["data"]
    _answer(fleet, issued["id"], key=Ed25519PrivateKey.generate())
    fleet.rooms.commands.on_reply(Topics("demo").reply("exam-1"), b"junk")
    fleet.rooms.commands.on_reply(Topics("demo").reply("exam-9"), b"junk")
    assert fleet.rooms.commands.get("exam-1", issued["id"]).outcome == "sent"
    _answer(fleet, issued["id"], "failed")
    assert fleet.rooms.commands.get("exam-1", issued["id"]).outcome == "failed"
    _answer(fleet, issued["id"])
    assert fleet.rooms.commands.get("exam-1", issued["id"]).outcome == "failed"


async def test_numbers_rise_and_are_listed_newest_first(fleet: Any) -> None:
    """Each command to a room has the next number, whoever issues it."""
    for verb in Verb:
        fleet.rooms.commands.issue("exam-1", verb, 60, "t")
    headers = await fleet.sign_in_as("auditor")
    listed = (await fleet.client.get(f"{API}?size=2", headers=headers)).json()
    assert [one["number"] for one in listed["data"]] == [3, 2]
    assert listed["metadata"]["pagination"]["total"] == 3


async def test_what_cannot_be_commanded_is_told(fleet: Any, fail: Any) -> None:
    """An unknown room, verb or time is an error that says so."""
    headers = await fleet.sign_in_as("it")
    post = fleet.client.post
    body = {"verb": "report"}
    unknown = await post("/api/v1/rooms/exam-9/commands", json=body, headers=headers)
    fail(unknown, 404, "NOT_FOUND")
    for bad in ({"verb": "unmute"}, {"verb": "report", "expires_in_s": 5}, {}):
        fail(await post(API, json=bad, headers=headers), 422, "VALIDATION_ERROR")
    fail(await fleet.client.get(f"{API}/none", headers=headers), 404, "NOT_FOUND")
    one = await fleet.client.get("/api/v1/rooms/exam-1", headers=headers)
    assert one.json()["data"]["room"] == "exam-1"
