"""Who gets through to the voice room, for how long, and how much is taken from them."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from hub.errors import Forbidden
from hub.http import Role
from tests.hub.talking import (
    COOKIE,
    PATH,
    QUIET,
    SITE,
    House,
    Refused,
    begin,
    client,
    closed,
    failed,
    pcm,
    person,
    talking,
    told,
)
from voiceassist.errors import StoreFull


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://[", SITE + ".evil"])
def test_another_site_is_not_let_in(house: House, origin: str) -> None:
    """A socket that another site's page opens is refused before it is accepted, cookie or not."""
    headers = {"Origin": origin, "Cookie": f"{COOKIE}=page"}
    with client(house) as made, pytest.raises(WebSocketDisconnect) as caught:
        made.websocket_connect(PATH, headers=headers).__enter__()
    assert caught.value.code == 4403


def test_our_page_is_known_by_its_cookie(house: House) -> None:
    """With our own origin, the page's cookie says who talks."""
    headers = {"Origin": SITE, "Cookie": f"{COOKIE}=page"}
    with client(house) as made, made.websocket_connect(PATH, headers=headers) as socket:
        ready = begin(socket, token="")
    assert ready == {"type": "ready", "sample_rate": 16_000, "mode": "push-to-talk"}


@pytest.mark.parametrize(
    "first",
    [
        {"type": "start"},
        {"type": "start", "token": ""},
        {"type": "start", "token": "unknown"},
        {"type": "start", "token": 7},
        {"type": "start", "token": "", "mode": "shouting"},
        {"type": "ask", "text": "let me in", "token": "good"},
        ["start"],
    ],
)
def test_nothing_is_served_before_it_is_known_who_calls(house: House, first: Any) -> None:
    """No token, a wrong one, or another message first: told, and closed with 4401.

    A cookie without our page's origin counts for nothing.
    """
    headers = {"Cookie": f"{COOKIE}=page"}
    with client(house) as made, made.websocket_connect(PATH, headers=headers) as socket:
        socket.send_json(first)
        failed(socket, "UNAUTHORIZED")
        assert closed(socket) == 4401


@pytest.mark.parametrize("first", [b"\0\0", "{", "[" * 9000, "x" * 20_000])
def test_junk_instead_of_a_start_ends_the_connection(house: House, first: str | bytes) -> None:
    """Audio, broken or endless JSON before the start: told, and closed with 4401."""
    with client(house) as made, made.websocket_connect(PATH) as socket:
        if isinstance(first, bytes):
            socket.send_bytes(first)
        else:
            socket.send_text(first)
        failed(socket, "UNAUTHORIZED")
        assert closed(socket) == 4401


def test_who_says_nothing_is_not_waited_for(house: House) -> None:
    """Without a start in time the connection is closed."""
    with client(house, start_s=0.1) as made, made.websocket_connect(PATH) as socket:
        failed(socket, "UNAUTHORIZED")
        assert closed(socket) == 4401


def test_a_start_with_a_wrong_field_names_it(house: House) -> None:
    """Who is known is told which field is at fault."""
    with client(house) as made, made.websocket_connect(PATH) as socket:
        socket.send_json({"type": "start", "token": "good", "mode": "shouting"})
        assert failed(socket, "VALIDATION_ERROR")["field"] == "mode"
        assert closed(socket) == 1008


@pytest.mark.parametrize("role", list(Role))
def test_every_role_but_the_auditor_may_talk(house: House, role: Role) -> None:
    """The socket holds the same rule as the other ways to ask."""
    house.sessions.known["good"] = person(role=role)
    with client(house) as made, made.websocket_connect(PATH) as socket:
        if role is not Role.AUDITOR:
            begin(socket)
            return
        socket.send_json({"type": "start", "token": "good"})
        failed(socket, "FORBIDDEN")
        assert closed(socket) == 4403


@pytest.mark.parametrize("code", ["TOKEN_REVOKED", "TOKEN_EXPIRED"])
def test_a_session_that_ends_elsewhere_ends_here(house: House, code: str) -> None:
    """A sign-out or a change of password is noticed within the second, in an answer too."""
    house.assistant.steps = threading.Semaphore(1)
    with talking(house) as socket:
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "sentence")
        house.sessions.known["good"] = Refused(code)
        failed(socket, code)
        assert closed(socket) == 4401
        house.assistant.steps.release()
    assert house.assistant.closed.wait(5)


def test_a_token_that_runs_out_ends_the_connection(house: House) -> None:
    """By its own end, whatever the sessions still say."""
    house.sessions.known["good"] = person(expires_s=1100)
    with talking(house) as socket:
        house.now_s = 1100.0
        failed(socket, "TOKEN_EXPIRED")
        assert closed(socket) == 4401


def test_a_loss_of_the_role_ends_the_connection(house: House) -> None:
    """Who is made an auditor meanwhile can't go on."""
    with talking(house) as socket:
        house.sessions.known["good"] = person(role=Role.AUDITOR)
        failed(socket, "FORBIDDEN")
        assert closed(socket) == 4403


def test_where_nobody_can_say_who_it_is_the_connection_ends(house: House) -> None:
    """Doubt about the session is no leave to go on."""
    with talking(house) as socket:
        house.sessions.known["good"] = RuntimeError("the database is away")
        failed(socket, "UNAVAILABLE")
        assert closed(socket) == 1011


def test_a_newer_token_keeps_the_connection(house: House) -> None:
    """After a refresh the old token may end; the questions go on."""
    house.sessions.known |= {"good": person(expires_s=1100), "new": person(expires_s=2000)}
    with talking(house, speak=False) as socket:
        socket.send_json({"type": "refresh", "token": "new"})
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "done")
        house.now_s = 1500.0
        house.sessions.known["good"] = Refused("TOKEN_EXPIRED")
        time.sleep(0.2)
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "done")


@pytest.mark.parametrize(
    ("token", "code"),
    [("unknown", "UNAUTHORIZED"), ("other", "FORBIDDEN"), ("older", "UNAUTHORIZED")],
)
def test_a_refresh_takes_no_other_token(house: House, token: str, code: str) -> None:
    """Unknown, another person's or older: refused, and the token in use stays."""
    house.sessions.known |= {
        "good": person(expires_s=1500),
        "other": person("eve", expires_s=2000),
        "older": person(expires_s=1200),
    }
    with talking(house, speak=False) as socket:
        socket.send_json({"type": "refresh", "token": token})
        failed(socket, code)
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "done")
    assert house.assistant.asked[0][0] == "dana"


@pytest.mark.parametrize(
    "junk",
    [
        "{", "null", "[]", '{"type":"dance"}', '{"type":"ask"}', '{"type":"ask","text":""}',
        '{"type":"end","more":1}', '{"type":"start","token":"good"}', '"\\ud800"',
        '{"type":"ask","text":"' + "x" * 1001 + '"}', b"odd",
    ],
)  # fmt: skip
def test_junk_is_told_and_the_connection_stays_until_it_is_too_much(
    house: House, junk: str | bytes
) -> None:
    """A malformed message is an error; the sixth ends the connection."""
    with talking(house, speak=False) as socket:
        for count in range(6):
            if isinstance(junk, bytes):
                socket.send_bytes(junk)
            else:
                socket.send_text(junk)
            failed(socket, "VALIDATION_ERROR")
            if count < 5:
                socket.send_json({"type": "ask", "text": "dose"})
                told(socket, "done")
        assert closed(socket) == 1008


@pytest.mark.parametrize("large", [b"\0" * 65_538, '{"type":"ask","text":"' + "x" * 20_000 + '"}'])
def test_what_is_too_large_ends_the_connection(house: House, large: str | bytes) -> None:
    """A frame beyond the bound is told and closed with 1009."""
    with talking(house) as socket:
        if isinstance(large, bytes):
            socket.send_bytes(large)
        else:
            socket.send_text(large)
        failed(socket, "PAYLOAD_TOO_LARGE")
        assert closed(socket) == 1009


def test_a_flood_of_messages_ends_the_connection(house: House) -> None:
    """More messages than anybody sends are told and closed with 4429."""
    with talking(house, limits={"messages_per_s": 5.0}) as socket:
        for _ in range(20):
            socket.send_json({"type": "stop"})
        failed(socket, "RATE_LIMITED")
        assert closed(socket) == 4429


def test_a_flood_of_audio_ends_the_connection(house: House) -> None:
    """Audio that comes much faster than it can have been said is told and closed with 4429."""
    with talking(house, limits={"utterance_s": 3.0}) as socket:
        for _ in range(6):
            socket.send_bytes(pcm(1.0))
        failed(socket, "RATE_LIMITED")
        assert closed(socket) == 4429


def test_who_never_talks_is_let_go(house: House) -> None:
    """Silence is not use: an idle connection ends though audio comes in."""
    with talking(house, mode="hands-free", limits={"idle_s": 0.2}) as socket:
        socket.send_bytes(pcm(0.1, QUIET))
        failed(socket, "IDLE")
        assert closed(socket) == 4408


def test_one_person_and_all_together_have_so_many_connections(house: House) -> None:
    """Beyond the bounds one is told to come back; a connection that ends makes room."""
    house.sessions.known |= {"ann": person("ann"), "ben": person("ben")}
    with client(house, per_person=2, connections=3) as made, ExitStack() as stack:
        sockets = [stack.enter_context(made.websocket_connect(PATH)) for _ in range(5)]
        for socket, token in zip(sockets, ["good", "good", "ann"], strict=False):
            begin(socket, token=token)
        for socket, token in zip(sockets[3:], ["good", "ben"], strict=True):
            socket.send_json({"type": "start", "token": token})
            failed(socket, "RATE_LIMITED")
            assert closed(socket) == 4429
        sockets[0].close()
        while house.service.connections == 3:
            time.sleep(0.01)
        with made.websocket_connect(PATH) as socket:
            begin(socket, token="ben")


@pytest.mark.parametrize(
    ("shut", "code", "end"),
    [
        (Forbidden("an administrator has switched voice off"), "FORBIDDEN", 4403),
        (StoreFull("the disk is full; make room"), "UNAVAILABLE", 1011),
    ],
)
def test_a_site_that_has_it_off_lets_nobody_talk(
    house: House, shut: Exception, code: str, end: int
) -> None:
    """Who begins to talk is noted first; where that may not or can't be, nothing is heard."""
    house.shut = shut
    with client(house) as made, made.websocket_connect(PATH) as socket:
        socket.send_json({"type": "start", "token": "good"})
        failed(socket, code)
        assert closed(socket) == end
    house.shut = None
    with client(house) as made, made.websocket_connect(PATH) as socket:
        begin(socket)
    assert house.admitted == ["dana"]
