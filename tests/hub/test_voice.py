from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from hub.errors import TokenExpired, TokenRevoked, Unauthorized
from hub.http import Person, Role
from hub.voice import api
from hub.voice.schemas import Done, Event, Judged, Sentence
from hub.voice.service import Voice
from hub.voice.speech import EngineSpeech
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import Unavailable

URL = "/api/v1/voice"
SECOND = np.full(SAMPLE_RATE, 1000, np.int16)
QUIET = np.zeros(SAMPLE_RATE, np.int16)
OURS = {"Origin": "https://testserver", "Host": "testserver"}


class Site:
    """Sessions, assistant, speech and trail, each as the test says."""

    def __init__(self) -> None:
        self.expires_s = time.time() + 3600
        self.revoked = False
        self.role = Role.CLINICIAN
        self.on = True
        self.opened: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.heard = "what is the dose"
        self.wait: threading.Event | None = None
        self.error: Exception | None = None
        self.busy = False
        self.said: list[str] = []

    def by_token(self, token: str) -> Person:
        if self.revoked:
            raise TokenRevoked("this session was ended")
        if token == "old":
            raise TokenExpired("the token has run out")
        if token not in {"good", "newer", "other"}:
            raise Unauthorized("this token does not hold")
        who = "2" if token == "other" else "1"
        return Person(who, "a@clinic.example", "A", self.role, "s", int(self.expires_s))

    def by_page(self, cookie: str) -> Person:
        return self.by_token("good" if cookie == "page" else cookie)

    def ask(self, person: Person, heard: Transcript, conversation: str) -> Iterator[Event]:
        self.asked.append((heard.text, conversation))
        if self.error is not None:
            raise self.error
        yield Judged(held=False, reasons=(), route="hub")
        yield Sentence("Give 500 mg.", "quote", "Gout", "Treatment")
        if self.wait is not None:
            self.wait.wait(10)
        yield Done("m", conversation or "c", "hub")

    def hear(self, samples: Samples) -> Transcript:
        return Transcript(self.heard if samples.any() else "", confidence=0.9)

    def say(self, text: str) -> tuple[Samples, int]:
        self.said.append(text)
        return np.ones(2205, np.int16), 22050

    def activity(self) -> Any:
        class Loud:
            window = 512

            def probability(self, samples: Samples) -> float:
                return float(samples.any())

        return Loud()

    def allowed(self) -> bool:
        return self.on

    def record(self, person: Person, outcome: str) -> None:
        self.opened.append(outcome)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(api, "LOOK_S", 0.05)
    monkeypatch.setattr(api, "START_S", 0.5)
    return Site()


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(api.router, prefix="/api/v1")
    app.state.services = {Voice: Voice(site, site, site, site, most=4)}
    with TestClient(app) as made:
        yield made


def _start(socket: WebSocketTestSession, **more: Any) -> None:
    socket.send_json({"type": "start", "token": "good", **more})
    assert socket.receive_json() == {
        "type": "ready", "sample_rate": 16000, "mode": more.get("mode", "push-to-talk")
    }  # fmt: skip


def _until(socket: WebSocketTestSession, last: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != last:
        message = socket.receive()
        if message["type"] == "websocket.close":
            raise AssertionError(f"closed by {message['code']} after {found}")
        if "bytes" in message and message["bytes"] is not None:
            found.append({"type": "audio", "bytes": len(message["bytes"])})
        else:
            found.append(json.loads(message["text"]))
    return found


def _closed(socket: WebSocketTestSession) -> tuple[dict[str, Any], int]:
    error = _until(socket, "error")[-1]
    with pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    return error, closed.value.code


def test_a_spoken_question_is_heard_judged_answered_and_spoken(
    client: TestClient, site: Site
) -> None:
    """Hold, speak, let go: transcript, verdict, sentence with its source, speech, done."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        for _ in range(10):
            socket.send_bytes(SECOND[:1600].tobytes())
        socket.send_json({"type": "end"})
        told = _until(socket, "done")
    kinds = [one["type"] for one in told]
    assert kinds[:3] == ["final", "verdict", "sentence"]
    assert {"speech", "audio"} < set(kinds)
    assert told[0]["text"] == site.heard
    assert told[2]["title"] == "Gout"
    assert sum(one.get("bytes", 0) for one in told if one["type"] == "audio") == 4410
    assert site.asked == [(site.heard, "")]
    assert site.opened == ["done"]


def test_a_typed_question_goes_on_with_the_conversation(client: TestClient, site: Site) -> None:
    """Each next question is of the conversation that the first began."""
    with client.websocket_connect(URL) as socket:
        _start(socket, speak=False)
        for words in ("first", "second"):
            socket.send_json({"type": "ask", "text": words})
            assert "speech" not in [one["type"] for one in _until(socket, "done")]
    assert site.asked == [("first", ""), ("second", "c")]
    assert site.said == []


def test_hands_free_finds_the_utterance(client: TestClient, site: Site) -> None:
    """Speech begins, silence ends it, and nobody pressed anything; a guess comes meanwhile."""
    with client.websocket_connect(URL) as socket:
        _start(socket, mode="hands-free")
        for part in (QUIET, SECOND, SECOND, QUIET):
            for start in range(0, SAMPLE_RATE, 3200):
                socket.send_bytes(part[start : start + 3200].tobytes())
                time.sleep(0.01)
        told = _until(socket, "done")
    kinds = [one["type"] for one in told]
    assert "partial" in kinds
    assert kinds.index("partial") < kinds.index("final")


def test_speech_interrupts_an_answer(client: TestClient, site: Site) -> None:
    """Hands free, who speaks into an answer ends it."""
    site.wait = threading.Event()
    with client.websocket_connect(URL) as socket:
        _start(socket, mode="hands-free")
        socket.send_json({"type": "ask", "text": "x"})
        _until(socket, "sentence")
        socket.send_bytes(SECOND[:16000].tobytes())
        _until(socket, "stopped")
        site.wait.set()


def test_stop_ends_an_answer_and_the_next_question_works(client: TestClient, site: Site) -> None:
    """After stop nothing more of the old answer comes, and the hub listens again."""
    site.wait = threading.Event()
    with client.websocket_connect(URL) as socket:
        _start(socket)
        socket.send_json({"type": "ask", "text": "x"})
        _until(socket, "sentence")
        socket.send_json({"type": "stop"})
        _until(socket, "stopped")
        site.wait.set()
        socket.send_json({"type": "ask", "text": "y"})
        told = _until(socket, "done")
    assert [one["type"] for one in told].count("done") == 1
    assert [text for text, _ in site.asked] == ["x", "y"]


def test_nothing_understood_asks_nothing(client: TestClient, site: Site) -> None:
    """Silence is told as such and never becomes a question."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        socket.send_bytes(QUIET.tobytes())
        socket.send_json({"type": "end"})
        assert _until(socket, "unheard")[-1]["why"] == "empty"
    assert site.asked == []


@pytest.mark.parametrize("origin", ["https://evil.example", "https://testserver.evil.example"])
def test_another_sites_page_gets_no_socket(client: TestClient, origin: str) -> None:
    """The handshake is refused before anything is said, cookie or not."""
    headers = {"Origin": origin, "Host": "testserver", "Cookie": f"{api.COOKIE}=page"}
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        client.websocket_connect(URL, headers=headers),
    ):
        pass
    assert closed.value.code == api.FORBIDDEN


def test_the_pages_cookie_counts_only_on_our_own_page(client: TestClient, site: Site) -> None:
    """With our Origin the cookie opens the socket; without one a token is asked for."""
    cookie = {"Cookie": f"{api.COOKIE}=page"}
    with client.websocket_connect(URL, headers=OURS | cookie) as socket:
        socket.send_json({"type": "start"})
        assert socket.receive_json()["type"] == "ready"
    with client.websocket_connect(URL, headers=cookie) as socket:
        socket.send_json({"type": "start"})
        error, code = _closed(socket)
    assert (error["code"], code) == ("UNAUTHORIZED", api.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"type": "start", "token": "bad"}, "UNAUTHORIZED"),
        ({"type": "start", "token": "old"}, "TOKEN_EXPIRED"),
        ({"type": "ask", "text": "x"}, "UNAUTHORIZED"),
        ({"type": "start", "token": "good", "mode": "shout"}, "UNAUTHORIZED"),
    ],
)
def test_nothing_is_taken_before_it_is_sure_who_it_is(
    client: TestClient, site: Site, first: dict[str, str], code: str
) -> None:
    """A bad token, none, or another first message ends the connection."""
    with client.websocket_connect(URL) as socket:
        socket.send_json(first)
        error, closed = _closed(socket)
    assert (error["code"], closed) == (code, api.UNAUTHORIZED)
    assert site.asked == []


def test_who_says_nothing_is_let_go(client: TestClient) -> None:
    """A socket that stays silent about itself does not stay."""
    with client.websocket_connect(URL) as socket:
        assert _closed(socket)[1] == api.UNAUTHORIZED


def test_an_auditor_and_a_site_that_is_off_are_refused(client: TestClient, site: Site) -> None:
    """Role and site decide; the refusal is in the trail."""
    site.on = False
    with client.websocket_connect(URL) as socket:
        socket.send_json({"type": "start", "token": "good"})
        assert _closed(socket)[1] == api.FORBIDDEN
    assert site.opened == ["refused"]
    site.on, site.role = True, Role.AUDITOR
    with client.websocket_connect(URL) as socket:
        socket.send_json({"type": "start", "token": "good"})
        assert _closed(socket)[1] == api.FORBIDDEN


def test_a_token_that_runs_out_ends_the_connection(client: TestClient, site: Site) -> None:
    """Nobody talks on with a token whose time is over."""
    site.expires_s = time.time() + 1.2
    with client.websocket_connect(URL) as socket:
        _start(socket)
        error, code = _closed(socket)
    assert (error["code"], code) == ("TOKEN_EXPIRED", api.UNAUTHORIZED)


def test_a_refreshed_token_goes_on(client: TestClient, site: Site) -> None:
    """A newer token of the same person extends the talk; another person's does not."""
    site.expires_s = time.time() + 1.2
    with client.websocket_connect(URL) as socket:
        _start(socket)
        site.expires_s = time.time() + 3600
        socket.send_json({"type": "refresh", "token": "newer"})
        time.sleep(1.5)
        socket.send_json({"type": "ask", "text": "x"})
        _until(socket, "done")
        socket.send_json({"type": "refresh", "token": "other"})
        assert _closed(socket)[1] == api.UNAUTHORIZED


def test_who_is_signed_out_is_cut_off(client: TestClient, site: Site) -> None:
    """A session that ends elsewhere ends here within a second."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        site.revoked = True
        error, code = _closed(socket)
    assert (error["code"], code) == ("TOKEN_REVOKED", api.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("junk", "code"),
    [
        ("{", "VALIDATION_ERROR"),
        ('{"type": "dance"}', "VALIDATION_ERROR"),
        ('{"type": "ask", "text": ""}', "VALIDATION_ERROR"),
        ('{"type": "end"}', "VALIDATION_ERROR"),
        ('{"type": "start", "token": "good"}', "VALIDATION_ERROR"),
        ("x" * 9000, "PAYLOAD_TOO_LARGE"),
        (b"odd", "PAYLOAD_TOO_LARGE"),
        (bytes(1 << 17), "PAYLOAD_TOO_LARGE"),
    ],
)
def test_junk_is_told_and_the_connection_stays(
    client: TestClient, junk: str | bytes, code: str
) -> None:
    """What can't be understood is an error in the envelope's form; too much of it ends it."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        send = socket.send_text if isinstance(junk, str) else socket.send_bytes
        send(junk)  # type: ignore[operator]
        error = socket.receive_json()
        assert (error["type"], error["code"]) == ("error", code)
        assert set(error) == {"type", "code", "message", "details", "field"}
        socket.send_json({"type": "ask", "text": "x"})
        _until(socket, "done")
        for _ in range(10):
            send(junk)  # type: ignore[operator]
        codes = [_until(socket, "error")[-1]["code"] for _ in range(11)]
        assert codes[-1] == "RATE_LIMITED"


def test_a_flood_ends_the_connection(client: TestClient) -> None:
    """More messages a second than any microphone sends are not worked through."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        for _ in range(300):
            socket.send_bytes(QUIET[:2].tobytes())
        error, code = _closed(socket)
    assert (error["code"], code) == ("RATE_LIMITED", api.FLOOD)


def test_an_utterance_has_an_end(client: TestClient) -> None:
    """Nobody fills the hub's memory by holding the button."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        for _ in range(16):
            socket.send_bytes(np.zeros(32_000, np.int16).tobytes())
        assert "30 seconds" in _until(socket, "error")[-1]["message"]


def test_a_person_talks_in_three_places_at_most(client: TestClient) -> None:
    """The fourth connection is refused, and works once another has left."""
    with client.websocket_connect(URL) as one, client.websocket_connect(URL) as two:
        _start(one)
        _start(two)
        with client.websocket_connect(URL) as three:
            _start(three)
            with client.websocket_connect(URL) as four:
                four.send_json({"type": "start", "token": "good"})
                assert _closed(four)[1] == api.FLOOD
        time.sleep(0.2)
        with client.websocket_connect(URL) as again:
            _start(again)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("the library is away"), "UNAVAILABLE"),
        (RuntimeError("Smith"), "INTERNAL_ERROR"),
    ],
)
def test_a_failed_answer_is_told_and_the_next_one_works(
    client: TestClient, site: Site, net: Any, error: Exception, code: str
) -> None:
    """What goes wrong in one answer ends that answer alone; no words are logged."""
    with client.websocket_connect(URL) as socket:
        _start(socket)
        site.error = error
        socket.send_json({"type": "ask", "text": "Smith"})
        assert _until(socket, "error")[-1]["code"] == code
        site.error = None
        socket.send_json({"type": "ask", "text": "x"})
        _until(socket, "done")
    assert not [one for one in net.seen if "Smith" in one and one.startswith("hub.")]


def test_missing_weights_are_told() -> None:
    """Without weights the ear says what to do."""

    def none() -> Any:
        raise Unavailable("weights are missing; run `voiceassist models pull`")

    with pytest.raises(Unavailable, match="models pull"):
        EngineSpeech(none).hear(SECOND)
