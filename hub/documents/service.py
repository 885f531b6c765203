"""Taking documents in.

Law: what was acknowledged is on the disk, content first, then the row that names it, then the
job. A file that can't be read is refused before anything is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import PurePosixPath

from hub.documents.catalogue import Catalogue
from hub.documents.describing import check_description, noted, read_sidecar
from hub.documents.ports import Reader
from hub.documents.queue import Queue
from hub.documents.review import Reviews
from hub.documents.schemas import Added, DocumentView, Draft, ServedPack
from hub.errors import NotFound, TooLarge
from hub.ports import Clock, Recorder
from hub.storage.blobs import Blobs
from voiceassist.contract.canonical import Json, sha256
from voiceassist.errors import BadInput

_LONGEST_NAME = 255
_NO_SUCH = "no such document; GET /api/v1/documents lists them"


class DocumentService:
    """The documents that the hub has."""

    def __init__(
        self,
        catalogue: Catalogue,
        queue: Queue,
        content: Blobs,
        reader: Reader,
        recorder: Recorder,
        clock: Clock,
        reviews: Reviews,
        *,
        most_bytes: int,
    ) -> None:
        self._catalogue = catalogue
        self._queue = queue
        self._content = content
        self._reader = reader
        self._recorder = recorder
        self._clock = clock
        self.reviews = reviews
        self.most_bytes = most_bytes

    def add(self, name: str, data: bytes, actor: str, sidecar: bytes | None = None) -> Added:
        """Take in a file; raises `BadInput`. `name` may hold folders, which make its id.

        `sidecar` is the YAML file that stands beside it and describes it.
        """
        name = clean_name(name)
        if len(data) > self.most_bytes:
            raise TooLarge(f"{name}: more than {self.most_bytes >> 20} MiB; split it")
        read = self._reader(name, data)
        draft = Draft(
            id=read.id,
            title=read.title,
            name=name,
            sha256=sha256(data),
            size=len(data),
            actor=actor,
            sidecar=None if sidecar is None else read_sidecar(name, sidecar),
        )
        self._content.put(data)
        view, new = self._catalogue.add(draft, self._clock())
        if new:
            detail: dict[str, Json] = {"version": view.version, "sha256": draft.sha256}
            self._record("document.added", view.id, actor, detail)
        return Added(document=view, new=new)

    def listing(self, offset: int = 0, limit: int | None = None) -> list[DocumentView]:
        """Documents by title."""
        successors, today = self._catalogue.successors(), self._today()
        return [noted(v, successors, today) for v in self._catalogue.listing(offset, limit)]

    def count(self) -> int:
        """How many documents there are."""
        return self._catalogue.count()

    def waiting(self) -> int:
        """How many indexing jobs are not finished."""
        return self._queue.waiting()

    def unfinished(self) -> dict[str, int]:
        """How far the jobs are that are not finished, 0 to 100, by document."""
        return self._queue.unfinished()

    def get(self, document: str) -> DocumentView:
        """One document; raises `NotFound`."""
        view = self._catalogue.get(document)
        if view is None:
            raise NotFound(_NO_SUCH)
        return noted(view, self._catalogue.successors(), self._today())

    def describe(self, document: str, given: Mapping[str, object], actor: str) -> DocumentView:
        """Set what administrators say of a document; None takes a field back to the file's word.

        It wins over what the file says. Raises `NotFound`, or `BadField` for what can't be.
        """
        check_description(document, given, self._catalogue.successors())
        done = self._catalogue.describe(document, {**given})
        if done is None:
            raise NotFound(_NO_SUCH)
        view, changed = done
        if changed:
            self._record("document.described", document, actor, {"fields": [*sorted(given)]})
        return noted(view, self._catalogue.successors(), self._today())

    def remove(self, document: str, actor: str) -> None:
        """Leave a document out of all later editions; raises `NotFound`."""
        if not self._catalogue.remove(document, self._clock()):
            raise NotFound(_NO_SUCH)
        self._record("document.removed", document, actor, {})

    def serving(self) -> list[ServedPack]:
        """The packs that an edition published now would hold."""
        return self._catalogue.serving()

    def _today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self._clock() / 1000, dt.UTC).date()

    def _record(self, action: str, document: str, actor: str, detail: dict[str, Json]) -> None:
        self._recorder.record(
            action=action, outcome="done", subject=document, actor=actor, detail={**detail}
        )


def clean_name(name: str) -> str:
    """A relative path with forward slashes; raises `BadInput` for what is none."""
    path = PurePosixPath(name.replace("\\", "/"))
    plain = "/".join(part for part in path.parts if part not in {"/", ".", ".."})
    if not plain or len(plain) > _LONGEST_NAME or not plain.isprintable():
        raise BadInput("the file has no usable name; rename it and add it again")
    return plain
