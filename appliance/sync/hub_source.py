"""The hub over HTTPS as the room's source of editions.

Each answer is bounded in bytes and in time, whatever the hub sends: a stalled download would
hold up the next attempt, and what came of it is gone on with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx

from voiceassist.contract.edition import PackRef
from voiceassist.contract.packlist import MAX_LIST
from voiceassist.contract.trust import MAX_CHAIN
from voiceassist.errors import Unavailable, Unverified
from voiceassist.knowledge.editions.source import MAX_MANIFEST, Offer

_PATIENCE_S = 30.0
_SLOWEST = 16 << 10  # bytes a second, beyond the patience
_PLAIN = {"Accept-Encoding": "identity"}  # what comes is compressed already, and verified as it is
_MAY_LACK = ("/library/edition", "/library/patches/")
_LATER = "the room keeps its library and tries again"


class HubSource:
    """`client` is `hub_client`'s."""

    def __init__(self, client: httpx.Client, *, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now

    def manifest(self, etag: str) -> Offer | None:
        """The hub's newest edition."""
        known = {"If-None-Match": etag} if etag else {}
        with self._get("/library/edition", known) as answer:
            if answer.status_code in {HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND}:
                return None
            return Offer(self._whole(answer, MAX_MANIFEST), answer.headers.get("ETag", ""))

    def keys(self, after: int) -> bytes:
        """The statements of keys after version `after`."""
        with self._get(f"/library/keys?after={after}") as answer:
            return self._whole(answer, MAX_CHAIN)

    def pack_list(self, root: str, held: str) -> bytes:
        """A list as an update of the one held."""
        with self._get(f"/library/lists/{root}" + (f"?from={held}" if held else "")) as answer:
            return self._whole(answer, MAX_LIST)

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes from `offset`, by a range; a hub that sends all is skipped through."""
        ranged = {"Range": f"bytes={offset}-"} if offset else {}
        with self._get(f"/library/packs/{ref.sha256}", ranged) as answer:
            skip = offset
            if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
                if not answer.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
                    raise Unavailable(f"the hub sent another part of a pack; {_LATER}")
                skip = 0
            for chunk in self._chunks(answer, ref.size + 1):
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))

    def patch(self, ref: PackRef, base: str) -> bytes:
        """What turns the pack `base` into `ref`."""
        with self._get(f"/library/patches/{ref.sha256}?from={base}") as answer:
            missing = answer.status_code == HTTPStatus.NOT_FOUND
            return b"" if missing else self._whole(answer, ref.size)

    def _whole(self, answer: httpx.Response, most: int) -> bytes:
        return b"".join(self._chunks(answer, most))

    def _chunks(self, answer: httpx.Response, most: int) -> Iterator[bytes]:
        """The body; raises for one of more than `most` bytes or that comes too slowly."""
        began, taken = self._now(), 0
        for chunk in answer.iter_raw():
            taken += len(chunk)
            if taken > most:
                raise Unverified(f"the hub sent more than {most} bytes; {_LATER}")
            yield chunk
            if self._now() - began > _PATIENCE_S + taken / _SLOWEST:
                raise Unavailable(f"the hub answers too slowly; {_LATER}")

    @contextmanager
    def _get(self, path: str, headers: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", path, headers=_PLAIN | (headers or {})) as answer:
                if answer.status_code != HTTPStatus.NOT_FOUND or not path.startswith(_MAY_LACK):
                    self._check(answer)
                yield answer
        except httpx.HTTPError as error:
            raise Unavailable(f"the hub's library can't be reached; {_LATER}") from error

    @staticmethod
    def _check(answer: httpx.Response) -> None:
        if answer.status_code != HTTPStatus.NOT_MODIFIED:
            answer.raise_for_status()
