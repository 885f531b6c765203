"""`voiceassist bench editions`: bytes and seconds from the hub's desk to the rooms' answers.

A real hub and broker by their command lines, on this machine, over HTTPS and MQTT with mutual
TLS. An edit changes two sentences of a document.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from appliance.bench.clinic import Clinic
from appliance.bench.fleet import BenchRoom, Counted, Hints, LightStore
from appliance.enrol import Identity
from appliance.sync.editions import EditionSync
from appliance.sync.hub_source import HubSource
from voiceassist.engines.ports import Embedder
from voiceassist.errors import Unavailable
from voiceassist.knowledge.editions.folder import files_in
from voiceassist.knowledge.search.library import Library

_SHARE = 100  # one document in so many changes
_SEED = 20261125
_QUERIES = (
    "what is the treatment of high blood pressure",
    "what are the symptoms of diabetes",
    "who is at risk of glaucoma",
    "how is asthma diagnosed",
    "can breast cancer be prevented",
)
_WAIT_S = 300.0
_LONG = 12  # words of a paragraph that is edited
_SETTLE_S = 6.0


@dataclass
class Bench:
    """A clinic, its documents as they are now, and one whole room."""

    clinic: Clinic
    texts: dict[str, str]
    identities: list[Identity]
    room: BenchRoom
    embedder: Embedder
    scratch: Path
    draw: random.Random = field(default_factory=lambda: random.Random(_SEED))  # noqa: S311
    edits: int = 0
    question: str = ""  # that the last edit answers
    share: int = 0  # of documents that make one percent

    def edit(self, count: int) -> list[str]:
        """Change `count` documents on the hub; their ids."""
        ids = []
        for name in self.draw.sample(sorted(self.texts), count):
            self.edits += 1
            self.texts[name], self.question = edited(self.texts[name], self.edits, self.draw)
            ids.append(self.clinic.upload(name, self.texts[name].encode()))
        return ids


def edited(text: str, number: int, draw: random.Random) -> tuple[str, str]:
    """Two sentences of a plain text changed: one corrected, one put behind a paragraph.

    With it a question for the new sentence.
    """
    paragraphs = text.rstrip().split("\n\n")
    plain = [n for n, one in enumerate(paragraphs) if len(one.split()) >= _LONG and one[0] != "#"]
    if plain:
        place = draw.choice(plain)
        words = paragraphs[place].split(" ")
        at = draw.randrange(1, len(words))
        paragraphs[place] = " ".join([*words[:at], "usually", *words[at:]])
    else:
        plain, paragraphs = [len(paragraphs)], [*paragraphs, "More is told by the clinic."]
    place = draw.choice(plain)
    paragraphs[place] = f"{paragraphs[place].rstrip()} Ask for the leaflet {word(number)} on this."
    return "\n\n".join(paragraphs) + "\n", f"which leaflet is {word(number)}"


def word(number: int) -> str:
    """A word that no document has."""
    digest = hashlib.sha256(f"word {number}".encode()).digest()
    return "zq" + "".join(chr(ord("a") + one % 26) for one in digest[:8])


def texts_of(library: Path, known: Collection[str]) -> dict[str, str]:
    """The plain documents of a folder by the name that the hub knows them by."""
    named = {path.relative_to(library).as_posix(): path for path in files_in(library)}
    plain = {name: path for name, path in named.items() if path.suffix in {".md", ".txt"}}
    return {n: path.read_text(encoding="utf-8") for n, path in plain.items() if n in known}


def measure(bench: Bench, *, installs: int, publishes: int, rooms: int, whole_rooms: int) -> Any:
    """All figures, each with the machine's load when it was taken."""
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "synchronise": lambda: synchronise(bench),
        "pause_while_swapping": lambda: pause(bench, installs),
        "publish_to_searchable": lambda: searchable(bench, publishes),
        "converge": lambda: converge(bench, rooms),
        "converge_with_databases": lambda: converge_whole(bench, whole_rooms),
    }
    figures: dict[str, Any] = {}
    for name, step in steps.items():
        bench.clinic.sign_in()
        before = os.getloadavg()[0]
        figures[name] = step()
        figures[name]["load_average"] = [round(before, 1), round(os.getloadavg()[0], 1)]
    return figures


def synchronise(bench: Bench) -> dict[str, Any]:
    """Bytes and seconds: all, nothing new, one percent."""
    bench.clinic.publish()
    full = _look(bench)
    nothing = _look(bench)
    bench.edit(bench.share)
    bench.clinic.publish()
    changed = _look(bench)
    return {
        "full": full,
        "unchanged": nothing,
        "one_percent_changed": changed,
        "one_percent_of_full": round(changed["bytes"] / full["bytes"], 5),
        "counted": "request and status lines, headers and bodies, before TLS",
    }


def _look(bench: Bench) -> dict[str, Any]:
    bench.room.wire.spent()
    began = time.perf_counter()
    bench.room.sync.check()
    return {"s": round(time.perf_counter() - began, 2), **bench.room.wire.spent()}


def pause(bench: Bench, installs: int) -> dict[str, Any]:
    """A question's time while editions are installed, beside its time while none is."""
    asker = Asker(bench.room)
    usual = asker.during(lambda: time.sleep(5.0))
    taken: list[float] = []
    swapping: list[float] = []
    for _ in range(installs):
        bench.edit(1)
        bench.clinic.publish()
        time.sleep(0.5)  # the hub is done, so that only the room's own work is seen
        began = time.perf_counter()
        swapping += asker.during(bench.room.sync.check)
        taken.append(time.perf_counter() - began)
    longest, median = max(swapping), float(np.median(usual))
    return {
        "installs": installs,
        "usual_ms": _spread(usual),
        "while_installing_ms": _spread(swapping),
        "longest_wait_beyond_usual_ms": round((longest - median) * 1000, 1),
        "install_s": _spread(taken, 1.0),
    }


class Asker:
    """Asks one question after another, as a room does."""

    def __init__(self, room: BenchRoom) -> None:
        self._room = room

    def during(self, work: Callable[[], object]) -> list[float]:
        """Seconds that each question took while `work` went on."""
        done = threading.Event()
        seconds: list[float] = []
        thread = threading.Thread(target=lambda: asyncio.run(self._ask(done, seconds)))
        thread.start()
        try:
            work()
        finally:
            done.set()
            thread.join()
        return seconds

    async def _ask(self, done: threading.Event, seconds: list[float]) -> None:
        while not done.is_set():
            began = time.perf_counter()
            found = await self._room.shelf.find(_QUERIES[len(seconds) % len(_QUERIES)])
            seconds.append(time.perf_counter() - began)
            if not found:
                raise Unavailable("a question found nothing; name a --library of health documents")


def searchable(bench: Bench, publishes: int) -> dict[str, Any]:
    """Seconds from the publish call, and from the upload, until the room finds the new text."""
    hints = Hints(bench.identities[0], bench.room.sync.hint)
    bench.room.sync.start()
    if not hints.start(_WAIT_S):
        raise Unavailable("the broker does not take the room; look into its log")
    from_publish, from_upload = [], []
    try:
        for _ in range(publishes):
            uploaded = time.perf_counter()
            bench.edit(1)
            published = time.perf_counter()
            bench.room.installed.clear()
            bench.clinic.publish()
            _until_found(bench)
            from_publish.append(time.perf_counter() - published)
            from_upload.append(time.perf_counter() - uploaded)
            time.sleep(bench.draw.random())  # so that the hub's own rhythm does not matter
    finally:
        hints.stop()
        bench.room.sync.stop()
    return {
        "publishes": publishes,
        "from_publish_s": _spread(from_publish, 1.0),
        "from_upload_s": _spread(from_upload, 1.0),
    }


def _until_found(bench: Bench) -> None:
    new = word(bench.edits)
    if not bench.room.installed.wait(_WAIT_S):
        raise Unavailable(f"no edition came: {bench.room.sync.problem or 'look into the logs'}")
    found = asyncio.run(bench.room.shelf.find(bench.question))
    if all(new not in passage.text for passage in found):
        raise Unavailable(f"the room does not find {new!r}, which was published")


def converge(bench: Bench, rooms: int) -> dict[str, Any]:
    """Seconds until all `rooms`, hinted at once, hold a new edition, verified."""
    _look(bench)
    library = bench.room.store.current()
    if library is None:
        raise Unavailable("the room holds no edition; look into the hub's log")
    base = _packs_of(bench, library, bench.edit(bench.share))
    stores, syncs, clients = [], [], []
    for number in range(rooms):
        identity = bench.identities[number % len(bench.identities)]
        folder = bench.scratch / "light" / str(number)
        stores.append(LightStore(folder, bench.embedder, identity, library, base))
        clients.append(Counted(identity))
        syncs.append(EditionSync(stores[-1], HubSource(clients[-1].client), lambda _library: None))
    seconds = _hinted(bench, syncs, lambda version: sum(s.version >= version for s in stores))
    for one in clients:
        one.client.close()
    return {
        "rooms": rooms,
        "enrolled": len(bench.identities),
        "bytes_a_room": round(sum(one.bytes for one in clients) / rooms),
        "requests": sum(one.requests for one in clients),
        **seconds,
    }


def _packs_of(bench: Bench, library: Library, documents: Collection[str]) -> Path:
    """Some documents' packs, as a room has them from the edition before."""
    folder = bench.scratch / "base"
    folder.mkdir()
    for pack in library.packs():
        held = bench.room.store.packs / pack.sha256
        if pack.document in documents and held.is_file():
            shutil.copyfile(held, folder / pack.sha256)
    return folder


def converge_whole(bench: Bench, rooms: int) -> dict[str, Any]:
    """As `converge`, with rooms that build their databases, all on this one machine."""
    fleet = []
    for number in range(rooms):
        identity = bench.identities[number % len(bench.identities)]
        folder = bench.scratch / f"whole-{number}"
        shutil.copytree(bench.scratch / "room", folder)
        fleet.append(BenchRoom(identity, folder, bench.embedder))
    bench.edit(bench.share)
    syncs = [one.sync for one in fleet]
    seconds = _hinted(bench, syncs, lambda v: sum(one.shelf.version >= v for one in fleet))
    for one in fleet:
        one.close()
    return {"rooms": rooms, **seconds}


def _hinted(
    bench: Bench, syncs: list[EditionSync], arrived: Callable[[int], int]
) -> dict[str, Any]:
    """Publish, hint all by the broker's one message, and wait until `arrived` counts all."""

    def hint() -> None:
        for sync in syncs:
            sync.hint()

    hints = Hints(bench.identities[0], hint)
    for sync in syncs:
        sync.check()  # what is there already, so that the thread's first look is the hint's
        sync.start()
    hints.start(_WAIT_S)
    time.sleep(_SETTLE_S + len(syncs) / 50)  # their first looks, and longer than connections live
    cpu = _cpu_s(bench.clinic.hub_pid)
    began = time.perf_counter()
    version = bench.clinic.publish()
    at: dict[int, float] = {}
    while (count := arrived(version)) < len(syncs) and time.perf_counter() - began < _WAIT_S:
        at.setdefault(count, time.perf_counter() - began)
        time.sleep(0.02)
    total = time.perf_counter() - began
    hints.stop()
    for sync in syncs:
        sync.stop()
    half = min((s for c, s in at.items() if c >= len(syncs) / 2), default=total)
    return {
        "arrived": count,
        "all_s": round(total, 2),
        "half_s": round(half, 2),
        "hub_cpu_s": round(_cpu_s(bench.clinic.hub_pid) - cpu, 2),
    }


def _cpu_s(process: int) -> float:
    numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def _spread(seconds: list[float], unit: float = 1000.0) -> dict[str, float]:
    values = np.array(seconds) * unit
    p50, p95 = np.percentile(values, [50, 95])
    most = float(values.max())
    return {"n": len(seconds), "p50": round(p50, 2), "p95": round(p95, 2), "max": round(most, 2)}
