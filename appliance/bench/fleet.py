"""Rooms for the measurements: the product's own transport, verification and thread.

A `LightStore` builds no database, as each real room has its own processor for that; all else
it does as a room does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import httpx

from appliance.adapters.shelf import Shelf
from appliance.enrol import Identity
from appliance.hub_client import hub_client
from appliance.sync.broker import MqttTransport, Reconnect
from appliance.sync.editions import EditionSync
from appliance.sync.hub_source import HubSource
from voiceassist.contract.edition import Manifest, PackRef
from voiceassist.contract.wire import EditionHint, RoomState, Topics
from voiceassist.engines.ports import Embedder
from voiceassist.knowledge.editions.packs import PackContent
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.search.library import Library


class Counted:
    """A room's client that counts what crosses it.

    Request line, status line, headers and body of each request and answer, before TLS.
    """

    def __init__(self, identity: Identity) -> None:
        self.client = hub_client(
            identity.hub_url, ca=identity.ca, private=identity.private, room=identity.room
        )
        self.client.event_hooks["response"].append(self._note)
        self.bytes = 0
        self.requests = 0

    def spent(self) -> dict[str, int]:
        """Bytes and requests since the last look."""
        spent = {"bytes": self.bytes, "requests": self.requests}
        self.bytes = self.requests = 0
        return spent

    def _note(self, answer: httpx.Response) -> None:
        asked = answer.request
        line = len(asked.method) + len(asked.url.raw_path) + len("  HTTP/1.1\r\n\r\n")
        status = len(f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n\r\n")
        body = int(answer.headers.get("content-length", 0))
        self.bytes += line + _size(asked.headers) + status + _size(answer.headers) + body
        self.requests += 1


class BenchRoom:
    """A room's library, complete: store, transport, thread and shelf."""

    def __init__(self, identity: Identity, folder: Path, embedder: Embedder) -> None:
        self.wire = Counted(identity)
        self.store = EditionStore(folder, embedder, identity.editions)
        self.shelf = Shelf(self.store.current())
        self.installed = threading.Event()
        self.sync = EditionSync(self.store, HubSource(self.wire.client), self._use)

    def _use(self, library: Library) -> None:
        self.shelf.put(library)
        self.installed.set()

    def close(self) -> None:
        """End the thread and close all."""
        self.sync.stop()
        self.shelf.close()
        self.wire.client.close()


class _Light:
    """As much of a `Library` as following an edition takes."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.version = manifest.version


class LightStore(EditionStore):
    """Holds an edition's list, and the packs that are to change; an edition is its manifest."""

    def __init__(
        self, root: Path, embedder: Embedder, identity: Identity, begin: Library, packs: Path
    ) -> None:
        self._light, self._held = _Light(begin.manifest), begin.packs()
        super().__init__(root, embedder, identity.editions)
        self.packs.mkdir(parents=True)
        for path in packs.iterdir():
            (self.packs / path.name).hardlink_to(path)

    @property
    def version(self) -> int:
        """Of the edition held."""
        return self._light.version

    def refresh(self) -> Library | None:
        """The edition held, which can't be searched."""
        return cast("Library", self._light)

    def newer_than(self) -> int:
        """The version held."""
        return self._light.version

    def held(self) -> tuple[PackRef, ...]:
        """The packs of the edition held."""
        return self._held

    def install(
        self,
        manifest: Manifest,
        packs: Sequence[PackRef],
        contents: Iterator[tuple[PackRef, PackContent]],
    ) -> Library:
        """Verify each pack, and keep the list."""
        for _ in contents:
            pass
        self._light, self._held = _Light(manifest), tuple(packs)
        return cast("Library", self._light)


class Hints:
    """The broker's word that an edition is out, passed to `tell`."""

    def __init__(self, identity: Identity, tell: Callable[[], None]) -> None:
        self._identity = identity
        self._topics = Topics(identity.clinic)
        self._tell = tell
        self._up = threading.Event()
        self._transport = MqttTransport(identity, Reconnect())

    def start(self, patience_s: float) -> bool:
        """Connect; whether that came to be."""
        self._transport.start(self)
        return self._up.wait(patience_s)

    def stop(self) -> None:
        """Leave."""
        gone = RoomState(room=self._identity.room, status="offline").model_dump_json()
        self._transport.stop(self._topics.state(self._identity.room), gone)

    def connected(self) -> None:
        """The session stands."""
        self._up.set()

    def disconnected(self, reason: str) -> None:
        """The broker is away; the transport goes on trying."""

    def message(self, topic: str, payload: bytes) -> None:
        """A hint, or something else."""
        if topic == self._topics.edition:
            EditionHint.model_validate_json(payload)
            self._tell()


def _size(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers.raw)
