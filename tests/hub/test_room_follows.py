"""A room's own code against the real hub: the port over HTTP, and the thread that follows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

import appliance.library
from appliance.cli import app as appliance_app
from appliance.hub_client import RoomAuth
from appliance.sync.editions import EditionSync
from appliance.sync.hub_source import HubSource
from hub.app import create_app
from hub.cli import app as hub_app
from hub.wiring import Container
from voiceassist.contract.edition import PackRef
from voiceassist.contract.trust import Trust
from voiceassist.errors import BadInput, Unavailable, Unverified, VoiceAssistError
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.search.library import Library

WORDS = "Give naproxen 500 mg twice daily. Check the kidneys first. "


class Bridge(httpx.BaseTransport):
    """The hub's application as a blocking transport, which the room's client needs."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            answer = await self._transport.handle_async_request(request)
            body = await answer.aread()
            return httpx.Response(answer.status_code, headers=answer.headers, content=iter([body]))

        return asyncio.run(ask())


@dataclass
class Followed:
    """A hub, a room's store, and what passed between them."""

    container: Container
    client: httpx.Client
    store: EditionStore
    passed: list[tuple[str, int, int]]  # path, status, bytes both ways with their headers
    serving: list[int]

    def __post_init__(self) -> None:
        self.source = HubSource(self.client)
        self.sync = EditionSync(self.store, self.source, self.use)

    def use(self, library: Library) -> None:
        self.serving.append(library.version)

    def add(self, name: str, text: str) -> None:
        self.container.rooms.documents.add(name, text.encode(), "test")
        worker = self.container.rooms.worker
        assert worker.begin()
        while worker.step():
            pass
        worker.release()

    def publish(self) -> int:
        return int(self.container.rooms.editions.publish("test").version)

    def spent(self) -> int:
        """Bytes since the last look."""
        total = sum(size for _, _, size in self.passed)
        self.passed.clear()
        return total


def headers_size(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.raw)


@pytest.fixture
def followed(rooms: Any, box: Any, embedders: Any, tmp_path: Path) -> Iterator[Followed]:
    container = Container(rooms)
    kit = rooms.fleet.enrol(box.request(), "test")
    passed: list[tuple[str, int, int]] = []

    def note(answer: httpx.Response) -> None:
        request = answer.request
        sent = len(str(request.url)) + headers_size(request.headers) + 20
        body = int(answer.headers.get("content-length", 0))
        got = headers_size(answer.headers) + body + 20
        passed.append((request.url.path, answer.status_code, sent + got))

    client = httpx.Client(
        transport=Bridge(create_app(container)),
        base_url="https://hub.test/api/v1",
        auth=RoomAuth(box.machine, box.room),
        event_hooks={"response": [note]},
    )
    trust = Trust(clinic=kit.clinic, version=kit.edition_keys, editions=kit.edition_public_pem)
    store = EditionStore(tmp_path / "room", embedders(), trust)
    yield Followed(container, client, store, passed, [])
    container.stop()


def test_a_room_follows_the_hub(followed: Followed) -> None:
    """Published, changed, keys rotated, rolled back: each is served by the room after a look."""
    assert not followed.sync.check()
    followed.add("gout.md", f"# Gout\n\n{WORDS}")
    followed.publish()
    assert followed.sync.check()
    assert not followed.sync.check()
    followed.add("throat.md", "# Sore throat\n\nGive paracetamol.\n")
    followed.publish()
    assert followed.sync.check()
    followed.container.rooms.keys.edition.rotate("demo", 100)
    followed.container.rooms.editions.publish("test", like=1)
    assert followed.sync.check()
    library = followed.store.current()
    assert library is not None
    assert [pack.document for pack in library.packs()] == ["gout"]
    assert followed.serving == [1, 2, 3]
    assert followed.store.keys.now().version == 2


def test_what_a_poll_and_a_change_cost(followed: Followed) -> None:
    """Nothing new costs less than 2 KB with all headers; one document more costs itself."""
    for number in range(30):
        text = "".join(f"{WORDS}{number * 7919 + line}. " for line in range(120))
        followed.container.rooms.documents.add(
            f"d{number}.md", f"# D{number}\n\n{text}".encode(), "t"
        )
    followed.add("d0.md", f"# D0\n\n{WORDS}")
    followed.publish()
    assert followed.sync.check()
    full = followed.spent()
    assert not followed.sync.check()
    assert followed.spent() < 2048
    assert followed.passed == []
    followed.add("d0.md", f"# D0\n\n{WORDS * 3}")
    followed.publish()
    assert followed.sync.check()
    paths = [path.split("/")[4] for path, _, _ in followed.passed]
    assert paths == ["edition", "lists", "patches"]
    few = followed.spent()
    assert few < 5000
    assert full > 30 * 1000


def test_a_hub_that_goes_back_is_told_and_the_room_serves_on(followed: Followed) -> None:
    """An edition below the room's, by a hub of the right keys, is a problem shown, not served."""
    followed.add("gout.md", f"# Gout\n\n{WORDS}")
    followed.publish()
    first = followed.container.rooms.editions.current()
    followed.publish()
    assert followed.sync.check()
    followed.container.rooms.editions._store.current = lambda: first
    with pytest.raises(Unverified, match="not newer"):
        followed.sync.check()
    library = followed.store.current()
    assert library is not None
    assert library.version == 2


def test_the_thread_looks_at_once_when_hinted_and_shows_what_is_wrong(followed: Followed) -> None:
    """Hints lost, doubled or early harm nothing; a failure is a line, gone when it is over."""
    followed.sync = EditionSync(
        followed.store, followed.source, followed.use, poll_s=60, retry_s=0.05
    )
    followed.add("gout.md", f"# Gout\n\n{WORDS}")
    followed.sync.start()
    try:
        for _ in range(5):
            followed.sync.hint()
        followed.publish()
        followed.sync.hint()
        until(lambda: followed.serving == [1])
        packs = followed.container.rooms.packs
        followed.add("throat.md", "# Sore throat\n\nGive paracetamol.\n")
        (new,) = (
            o.ref
            for o in followed.container.rooms.documents.serving()
            if o.ref.document == "throat"
        )
        data = packs.get(new.sha256)
        packs.path(new.sha256).write_bytes(data[:-1] + b"x")
        followed.publish()
        followed.sync.hint()
        until(lambda: "altered" in followed.sync.problem)
        packs.path(new.sha256).write_bytes(data)
        until(lambda: followed.serving == [1, 2])
        until(lambda: followed.sync.problem == "")
    finally:
        followed.sync.stop()


def until(holds: Any) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_expired_edition_is_told_and_served(followed: Followed) -> None:
    """The room goes on answering from what it has, and says that it is out of date."""
    followed.add("gout.md", f"# Gout\n\n{WORDS}")
    followed.publish()
    later = [time.time()]
    followed.sync = EditionSync(followed.store, followed.source, followed.use, now=lambda: later[0])
    assert followed.sync.check()
    assert followed.sync.problem == ""
    later[0] += 91 * 86_400
    assert not followed.sync.check()
    assert "expired on" in followed.sync.problem
    assert followed.serving == [1]


REF = PackRef(document="d", version=1, sha256="0" * 64, size=1000, passages=1)
DATA = bytes(range(250)) * 4


def source(answer: Any, **more: Any) -> HubSource:
    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://h/api/v1")
    return HubSource(client, **more)


def test_a_pack_is_gone_on_with_by_range() -> None:
    """From a hub that knows ranges the rest alone comes; from one that does not, it is cut out."""
    asked: list[str | None] = []

    def ranged(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("Range"))
        headers = {"Content-Range": "bytes 300-999/1000"}
        return httpx.Response(206, content=iter([DATA[300:]]), headers=headers)

    assert b"".join(source(ranged).pack(REF, 300)) == DATA[300:]
    assert asked == ["bytes=300-"]
    whole = source(lambda _request: httpx.Response(200, content=iter([DATA[:200], DATA[200:]])))
    assert b"".join(whole.pack(REF, 300)) == DATA[300:]
    assert b"".join(whole.pack(REF, 0)) == DATA
    with pytest.raises(Unavailable, match="another part"):
        b"".join(source(ranged).pack(REF, 200))


def test_an_answer_is_bounded_in_bytes_and_time() -> None:
    """Neither an endless answer nor one that drips holds a room up."""

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1000)

    with pytest.raises(Unverified, match="more than"):
        source(lambda _r: httpx.Response(200, content=endless())).manifest("")
    with pytest.raises(Unverified, match="more than"):
        b"".join(source(lambda _r: httpx.Response(200, content=endless())).pack(REF, 0))
    clock = iter(range(0, 10_000, 20))
    slow = source(lambda _r: httpx.Response(200, content=endless()), now=lambda: next(clock))
    with pytest.raises(Unavailable, match="too slowly"):
        slow.keys(0)


@pytest.mark.parametrize("status", [401, 403, 404, 416, 500, 503])
def test_a_refusal_is_no_answer(status: int) -> None:
    """An error's body is never taken for a list, a key or a pack."""
    refusing = source(lambda _r: httpx.Response(status, content=b"[]"))
    for call in (
        lambda: refusing.keys(0),
        lambda: refusing.pack_list("0" * 64, ""),
        lambda: list(refusing.pack(REF, 5)),
    ):
        with pytest.raises(Unavailable):
            call()


def test_an_edition_is_carried_by_file(
    followed: Followed, box: Any, tmp_path: Path, embedders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Export on the hub, import in a room that no network reaches, by the commands themselves."""
    followed.add("gout.md", f"# Gout\n\n{WORDS}")
    followed.publish()
    followed.container.rooms.keys.edition.rotate("demo", 100)
    followed.container.rooms.editions.sign_anew("test")
    hub_config, room_config = tmp_path / "hub.toml", tmp_path / "room.toml"
    hub_config.write_text(f'clinic = "demo"\ndata_dir = "{tmp_path / "data"}"\n')
    room_config.write_text(f'room = "exam-1"\ndata_dir = "{tmp_path / "box"}"\n')
    trust = followed.store.keys._anchor
    monkeypatch.setattr(
        appliance.library,
        "open_editions",
        lambda settings: EditionStore(settings.data_dir / "library", embedders(), trust),
    )
    file = tmp_path / "edition.zip"
    hub = ["editions", "export", "--out", str(file), "--config", str(hub_config), "--json"]
    assert call(hub_app, hub)["edition"] == 2
    room = ["--config", str(room_config), "--json"]
    told = call(appliance_app, ["library", "import", str(file), *room])
    assert (told["installed"], told["edition"], told["documents"]) == (True, 2, 1)
    assert call(appliance_app, ["library", "import", str(file), *room])["installed"] is False
    assert call(appliance_app, ["library", "show", *room])["keys"] == 2
    old = ["editions", "export", "--version", "1", *hub[2:]]
    assert call(hub_app, old)["edition"] == 1
    with pytest.raises(VoiceAssistError, match="not trusted"):
        call(appliance_app, ["library", "import", str(file), *room])
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(BadInput, match="cut short"):
        call(appliance_app, ["library", "import", str(file), *room])
    assert call(appliance_app, ["library", "show", *room])["edition"] == 2


def test_a_room_without_a_library_says_so(tmp_path: Path) -> None:
    """`show` before the first edition is an error with what to do."""
    config = tmp_path / "room.toml"
    config.write_text(f'room = "exam-1"\ndata_dir = "{tmp_path / "box"}"\n')
    with pytest.raises(Unavailable, match="publish one"):
        call(appliance_app, ["library", "show", "--config", str(config)])


def call(app: Any, words: list[str]) -> Any:
    result = CliRunner().invoke(app, words, catch_exceptions=False, standalone_mode=False)
    return json.loads(result.stdout)
