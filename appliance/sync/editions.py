"""Keeps the room's library at the hub's newest edition.

Law: a hint or a poll only says that something may be new. What is installed is verified by
`EditionStore.install`, which leaves the room on a whole edition whatever goes wrong here.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

import httpx

from voiceassist.contract.edition import PackRef
from voiceassist.contract.signing import Envelope
from voiceassist.errors import Unavailable, Unverified, VoiceAssistError
from voiceassist.knowledge.editions import EditionStore
from voiceassist.knowledge.library import Library

log = logging.getLogger(__name__)

POLL_S = 60.0
_CHUNK = 1 << 20


class EditionSync:
    """A thread that polls with an ETag, and at once when `hint` is called."""

    def __init__(
        self,
        store: EditionStore,
        client: httpx.Client,
        installed: Callable[[Library], None],
        *,
        poll_s: float = POLL_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._client = client
        self._installed = installed
        self._poll_s = poll_s
        self._now = now
        self._etag = ""
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="editions", daemon=True)
        self.problem = ""

    def start(self) -> None:
        """Begin polling."""
        self._thread.start()

    def stop(self) -> None:
        """End polling; an installation under way finishes or leaves the last edition."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def hint(self) -> None:
        """Something may be new: look now."""
        self._wake.set()

    def check(self) -> bool:
        """Look once; True when a new edition was installed. Raises `VoiceAssistError`."""
        try:
            answer = self._client.get("/library/edition", headers={"If-None-Match": self._etag})
            if answer.status_code in {HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND}:
                return False
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(
                "the hub's library can't be reached; the room keeps its own"
            ) from error
        envelope = Envelope.from_json(answer.content)
        current = self._store.current()
        if current is not None and _version_claimed(envelope) == current.version:
            self._etag = answer.headers.get("ETag", "")
            return False  # after a restart: what is here was verified when it came
        library = self._store.install(envelope, self._fetch, now_s=int(self._now()))
        self._etag = answer.headers.get("ETag", "")
        self._installed(library)
        log.info("edition %d installed", library.version)
        return True

    def _fetch(self, pack: PackRef) -> bytes:
        """A pack's bytes, no more than the manifest promised; raises `Unavailable`."""
        data = bytearray()
        try:
            with self._client.stream("GET", f"/library/packs/{pack.sha256}") as answer:
                answer.raise_for_status()
                for chunk in answer.iter_bytes(_CHUNK):
                    data += chunk
                    if len(data) > pack.size:
                        break  # the store's hash check refuses it
        except httpx.HTTPError as error:
            raise Unavailable(f"pack {pack.sha256[:12]} can't be fetched; trying again") from error
        return bytes(data)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.check()
                self.problem = ""
            except VoiceAssistError as error:
                self.problem = str(error)
                log.warning("library not updated: %s", error)
            self._wake.wait(self._poll_s)


def _version_claimed(envelope: Envelope) -> int:
    """The version a manifest claims, unchecked: to tell whether it is worth verifying."""
    try:
        return int(json.loads(envelope.raw())["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unverified("the hub's manifest can't be read; publish the edition again") from error
