"""The hub writes nothing of a question to a log, a stream or an answer of refusal."""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from appliance.logs import configure as configure_room
from hub.app import create_app
from hub.escalation.cloud import OpenAICompatible
from hub.logs import configure as configure_hub
from hub.phi.service import SecondJudge
from hub.wiring import Container
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.phi.build import build_second_judge
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy

SAID = "my patient zebulon quackenbush m r n seven seven four one nine takes xylazine"
PLAIN = "what is the maximum dose of acetaminophen"
SECRETS = ("zebulon", "quackenbush", "77419", "seven seven", "xylazine", "acetaminophen")
TEXT = "The maximum dose for adults is 4 g in 24 hours."
PASSAGE = Passage(
    id=1, document="a", version=1, title="A", place="P", text=TEXT, start=0, end=len(TEXT),
    score=1.0, strength=0.9,
)  # fmt: skip


def leaked(shown: str) -> list[str]:
    return [secret for secret in SECRETS if secret in shown.lower()]


class Shelf:
    def find(self, query: str, limit: int) -> list[Passage]:
        return [PASSAGE]


class Raises:
    """Whatever it is asked, it dies with the words in its message."""

    model = "m"

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        raise RuntimeError(transcript.text)

    def find(self, query: str, limit: int) -> list[Passage]:
        raise RuntimeError(query)

    def complete(self, query: Any, prompt: Any) -> str:
        raise RuntimeError(query.text + prompt.user)


@pytest.fixture(scope="module")
def second() -> Gate:
    return build_second_judge(PhiPolicy(timeout_s=20), None)


@pytest.fixture
def served(rooms: Any, net: Any, second: Gate) -> Iterator[tuple[Container, httpx.Client]]:
    """The hub behind uvicorn at its most talkative, with the real judge and a cloud stand-in."""
    container = Container(rooms)
    reply = {"choices": [{"message": {"role": "assistant", "content": TEXT}}]}
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=reply)))
    service = container._escalation
    service._judge = SecondJudge(lambda: second, timeout_s=30)
    service._cloud = OpenAICompatible(client, url="https://cloud.test/v1", key="k", model="m")
    service._evidence = Shelf()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(container), log_config=None, log_level="trace")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as asking:
        yield container, asking
    server.should_exit = True
    thread.join(20)
    listener.close()


@pytest.fixture
def ask(served: tuple[Container, httpx.Client], box: Any) -> Callable[[object], httpx.Response]:
    container, client = served
    container.rooms.fleet.enrol(box.request(), "test")
    numbers = iter(range(100))

    def send(query: object) -> httpx.Response:
        return client.post(
            "/api/v1/escalations",
            json={"turn_id": "t", "query": query},
            headers=box.bearer(int(time.time()), f"e{next(numbers)}"),
        )

    return send


def test_a_question_leaves_no_word_in_any_log(
    ask: Callable[[object], httpx.Response], net: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Refused, answered and malformed questions: nothing in a record, a stream, a refusal."""
    refused, answered = ask(SAID), ask(PLAIN)
    malformed = [ask(SAID * 40), ask([SAID]), ask({"text": PLAIN})]
    assert refused.json()["data"]["outcome"] == "refused"
    assert answered.json()["data"]["outcome"] == "answered"
    assert [one.status_code for one in malformed] == [422] * 3
    streams = capfd.readouterr()
    answers = "".join(one.text for one in (refused, *malformed))
    assert leaked(net.caught + streams.out + streams.err + answers) == []
    assert "audit alarm: escalation_refused" in net.caught
    assert "uvicorn" in net.caught


@pytest.mark.parametrize("part", ["_judge", "_evidence", "_cloud"])
def test_a_fault_leaves_no_word_in_any_log(
    served: tuple[Container, httpx.Client],
    ask: Callable[[object], httpx.Response],
    net: Any,
    capfd: pytest.CaptureFixture[str],
    part: str,
) -> None:
    """Where a part dies with the words in its message, type and room are logged, no word."""
    broken: Any = SecondJudge(Raises) if part == "_judge" else Raises()
    setattr(served[0]._escalation, part, broken)
    answer = ask(PLAIN)
    assert answer.status_code == (200 if part == "_judge" else 503)
    streams = capfd.readouterr()
    assert leaked(net.caught + streams.out + streams.err + answer.text) == []
    assert "RuntimeError" in net.caught


def test_the_search_would_find_a_word(net: Any) -> None:
    """The net catches words in a traceback, as the middleware would log it."""
    try:
        Raises().find(PLAIN, 1)
    except RuntimeError:
        logging.getLogger("hub.http").exception("unforeseen error")
    assert leaked(net.caught) == ["acetaminophen"]


@pytest.mark.parametrize("configure", [configure_hub, configure_room])
def test_a_closed_stream_leaves_no_word_behind(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    configure: Callable[[str], None],
) -> None:
    """Where a log line can't be written, the error that was at hand is not printed instead."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    closed = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", closed)
        configure("INFO")
    closed.close()
    try:
        Raises().find(PLAIN, 1)
    except RuntimeError as error:
        logging.getLogger("hub").error("it failed: %s", type(error).__name__)  # noqa: TRY400
    streams = capfd.readouterr()
    assert leaked(streams.out + streams.err) == []


def test_loggers_that_repeat_words_are_never_that_talkative() -> None:
    """Even at DEBUG neither the database's rows nor the frames of sockets are logged."""
    root = logging.getLogger()
    before = root.level, root.handlers[:], logging.raiseExceptions
    try:
        configure_hub("DEBUG")
        for name in ("sqlalchemy.engine.Engine", "websockets.server", "uvicorn.error", "httpx"):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG), name
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
        logging.raiseExceptions = before[2]
