from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from demo.cloud import Answers, RequestLog, forwarded_answer, local_answer, make_app
from voiceassist.engines.ports import Prompt, Speed

CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Which tube is first?"},
    ],
    "max_tokens": 9000,
}
WITH_KEY = {"Authorization": "Bearer k"}


class FakeGenerator:
    model = "fake"

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def generate(self, prompt: Prompt) -> Iterator[str]:
        self.prompts.append(prompt)
        yield from (" Blood", " culture. ")

    def stop(self) -> None: ...

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def measure(self) -> Speed:
        return Speed(1.0, 1.0)

    def close(self) -> None: ...


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "cloud.jsonl"


def client_of(log: Path, generator: FakeGenerator) -> TestClient:
    requests = RequestLog(log, lambda: dt.datetime(2025, 3, 1, tzinfo=dt.UTC))
    return TestClient(make_app(local_answer(generator), requests, "k"))


def rows(log: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_it_answers_in_the_provider_form(log: Path) -> None:
    """A chat completion is answered by the model, with its prompt bounded."""
    generator = FakeGenerator()
    answer = client_of(log, generator).post("/v1/chat/completions", json=CHAT, headers=WITH_KEY)
    assert answer.json()["choices"][0]["message"]["content"] == "Blood culture."
    assert answer.json()["model"] == "fake"
    assert generator.prompts == [Prompt("Be brief.", "Which tube is first?", 96)]


def test_every_request_is_in_the_log_whole(log: Path) -> None:
    """What came in is written down with its bytes, also where it was refused."""
    client = client_of(log, FakeGenerator())
    client.post("/v1/chat/completions", json=CHAT, headers=WITH_KEY)
    client.post("/v1/chat/completions", content=b"\xffMargaret", headers=WITH_KEY)
    client.post("/elsewhere?name=Ellis", content=b"x", headers=WITH_KEY)
    client.post("/v1/chat/completions", content=b"no key")
    seen = rows(log)
    assert json.loads(seen[0]["body"]) == CHAT
    assert seen[1]["body"] == "\\xffMargaret"
    assert seen[2]["target"] == "/elsewhere?name=Ellis"
    assert seen[3]["body"] == "no key"


@pytest.mark.parametrize(
    ("path", "headers", "content", "status"),
    [
        ("/v1/chat/completions", {}, b"{}", 401),
        ("/v1/chat/completions", WITH_KEY, b"{}", 400),
        ("/v1/models", WITH_KEY, b"{}", 404),
    ],
)
def test_what_it_cannot_answer_it_refuses(
    log: Path, path: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    """A wrong key, a wrong path and a body that is no chat each get their status."""
    answer = client_of(log, FakeGenerator()).post(path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_health_is_not_a_request_to_the_provider(log: Path) -> None:
    """Asking whether it is up leaves no line in the log."""
    assert client_of(log, FakeGenerator()).get("/health").status_code == 200
    assert rows(log) == []


async def test_nobody_is_answered_who_has_gone(log: Path) -> None:
    """Where the asker gives up, the model stops: the machine has other work."""
    stopped = threading.Event()

    def slow(_body: bytes) -> Response:
        stopped.wait(20)
        return Response("late")

    requests = RequestLog(log, lambda: dt.datetime(2025, 3, 1, tzinfo=dt.UTC))
    app = make_app(Answers(slow, stopped.set), requests, "k")
    came = iter([{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}])
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer k")],
    }

    async def receive() -> dict[str, Any]:
        return next(came, {"type": "http.disconnect"})

    async def send(_message: Any) -> None: ...

    await app(scope, receive, send)
    assert stopped.is_set()


def test_a_real_provider_gets_its_own_key_and_is_logged_too(log: Path) -> None:
    """Forwarding swaps the demonstration's key for the provider's and keeps the same log."""
    seen: list[httpx.Request] = []

    def provider(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"choices": []})

    client = httpx.Client(transport=httpx.MockTransport(provider))
    requests = RequestLog(log, lambda: dt.datetime(2025, 3, 1, tzinfo=dt.UTC))
    app = make_app(forwarded_answer(client, "https://cloud.test/v1/", "real"), requests, "k")
    answer = TestClient(app).post("/v1/chat/completions", json=CHAT, headers=WITH_KEY)
    assert answer.json() == {"choices": []}
    assert str(seen[0].url) == "https://cloud.test/v1/chat/completions"
    assert seen[0].headers["Authorization"] == "Bearer real"
    assert json.loads(rows(log)[0]["body"]) == CHAT


def test_a_provider_that_is_away_is_said_so(log: Path) -> None:
    """A provider that can't be reached becomes status 502."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    client = httpx.Client(transport=httpx.MockTransport(nobody))
    requests = RequestLog(log, lambda: dt.datetime(2025, 3, 1, tzinfo=dt.UTC))
    app = make_app(forwarded_answer(client, "https://cloud.test", "r"), requests, "k")
    answer = TestClient(app).post("/v1/chat/completions", json=CHAT, headers=WITH_KEY)
    assert answer.status_code == 502
