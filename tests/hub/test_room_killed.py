"""A room's updater as a process of its own, killed at any moment, against a hub over HTTPS."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from appliance.bench.faults.hub import EMBEDDER
from appliance.enrol import accept_enrolment, load_identity, request_enrolment
from hub.app import create_app
from hub.fleet.schemas import EnrolRequest
from hub.indexing import Embedding
from hub.serve import listen
from hub.settings import HubSettings
from hub.wiring import Container, open_rooms
from voiceassist.knowledge.editions.packs import read_pack
from voiceassist.knowledge.editions.store import EditionStore

pytestmark = pytest.mark.slow
KILLS = 30
SEED = 4

# forks a room's updater for each line that it reads, and tells its number
NURSERY = """
import os, sys, threading
from pathlib import Path
from appliance.bench.faults.hub import EMBEDDER
from appliance.enrol import load_identity
from appliance.hub_client import hub_client
from appliance.sync.editions import EditionSync
from appliance.sync.hub_source import HubSource
from voiceassist.knowledge.editions.store import EditionStore

who = load_identity(Path(sys.argv[1]))

def follow():
    store = EditionStore(Path(sys.argv[2]), EMBEDDER, who.editions)
    client = hub_client(who.hub_url, ca=who.ca, private=who.private, room=who.room)
    EditionSync(store, HubSource(client), lambda library: None).start()
    threading.Event().wait()

print("ready", flush=True)
for _ in sys.stdin:
    child = os.fork()
    if not child:
        follow()
    print(child, flush=True)
    os.waitpid(child, 0)
"""


class Tiny(Embedding):
    """Needs no weights."""

    def __init__(self) -> None:
        super().__init__("generic-x86", None)
        self._embedder = EMBEDDER


@pytest.fixture
def served(settings: HubSettings) -> Iterator[Container]:
    """A hub that serves HTTPS on loopback."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    settings = settings.model_copy(update={"port": port, "public_url": f"https://localhost:{port}"})
    container = Container(open_rooms(settings, Tiny()))
    keys = container.rooms.keys
    config = uvicorn.Config(
        create_app(container),
        ssl_certfile=keys.file("hub.crt"),
        ssl_keyfile=keys.file("hub.key"),
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield container
    server.should_exit = True
    thread.join()
    container.stop()


def publish(container: Container, draw: random.Random) -> int:
    """Change some documents and publish; the version."""
    rooms = container.rooms
    for _ in range(draw.randrange(1, 6)):
        name = f"guide-{draw.randrange(12)}"
        lines = [f"Give dose {draw.randrange(1000)} of {name} daily. Stop it after a week."] * 9
        text = "\n\n".join(f"## Part {n}\n\n{line}" for n, line in enumerate(lines))
        rooms.documents.add(f"{name}.md", f"# {name}\n\n{text}\n".encode(), "test")
    assert rooms.worker.begin()
    while rooms.worker.step():
        pass
    rooms.worker.release()
    return rooms.editions.publish("test").version


def examine(container: Container, store: EditionStore) -> int:
    """The version that a new process would serve, once it is what was published under it."""
    library = store.current()
    if library is None:
        return 0
    rooms = container.rooms
    refs = rooms.editions.packs_of(rooms.editions.edition(library.version))
    assert set(library.packs()) == set(refs)
    for ref in refs:
        published = read_pack(rooms.packs.path(ref.sha256).read_bytes(), ref).header.text
        assert library.document_text(ref.document) == published
    assert library.find("what is the dose of the guide")
    library.close()
    return library.version


def test_a_killed_updater_leaves_a_whole_edition(served: Container, tmp_path: Path) -> None:
    """SIGKILL at random moments: a whole edition, never an older one, in the end the newest."""
    draw, identity, library = random.Random(SEED), tmp_path / "identity", tmp_path / "library"
    request = request_enrolment("room-1", identity).read_text()
    kit = served.rooms.fleet.enrol(EnrolRequest.model_validate_json(request), "test")
    (tmp_path / "kit.json").write_text(kit.model_dump_json())
    accept_enrolment(tmp_path / "kit.json", identity)
    anchor = load_identity(identity).editions
    held: list[int] = []
    newest = publish(served, draw)
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(identity), str(library)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as nursery:  # fmt: skip
        assert nursery.stdin
        assert nursery.stdout
        assert nursery.stdout.readline() == "ready\n"
        usual_s = until_installed(nursery, library)
        for _ in range(KILLS):
            if not held or held[-1] == newest:
                newest = publish(served, draw)
            child = start(nursery)
            time.sleep(draw.uniform(0, 1.5 * usual_s))
            os.kill(child, signal.SIGKILL)
            held.append(examine(served, EditionStore(library, EMBEDDER, anchor)))
        child, end = start(nursery), time.monotonic() + 60
        while held[-1] < newest and time.monotonic() < end:
            held.append(examine(served, EditionStore(library, EMBEDDER, anchor)))
        os.kill(child, signal.SIGKILL)
        nursery.stdin.close()
    assert held == sorted(held)
    assert held[-1] == newest
    assert len(set(held)) > 3, "hardly any installation came to its end"
    assert len(set(held)) < KILLS, "hardly any installation was cut short"


def until_installed(nursery: Any, library: Path) -> float:
    """Seconds that an undisturbed updater takes to install its first edition."""
    began = time.monotonic()
    child = start(nursery)
    while not (library / "current.json").exists():
        assert time.monotonic() < began + 60
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return time.monotonic() - began


def start(nursery: Any) -> int:
    """A new updater's process."""
    nursery.stdin.write("\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())
