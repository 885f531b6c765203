"""The documents room's reader and indexer, by `voiceassist.knowledge`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from hub.documents.ports import MadePack, Place, Read
from hub.documents.schemas import Description, ServedPack, Task
from voiceassist.contract.canonical import Json, canonical, sha256
from voiceassist.engines.ports import Embedder, Vectors
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import ModelStore, default_store
from voiceassist.errors import Unverified
from voiceassist.knowledge.documents import (
    Document,
    Info,
    Limits,
    Scanned,
    read_document,
    reader_form,
)
from voiceassist.knowledge.documents.passages import passages_form
from voiceassist.knowledge.documents.reader import name_as_title, slug
from voiceassist.knowledge.editions.packs import (
    PackContent,
    build_pack,
    embedding_of,
    pack_form,
    read_pack,
)

_AT_ONCE = 16  # texts embedded between two notes of progress
_READ_PERCENT = 5
_APART = "\n" * 300
_NUMBER = re.compile(r"(?<!mrn[ -])\b\d{5,}(?: \d+)?\b", re.IGNORECASE)

ReadDocument: TypeAlias = Callable[[str, bytes, Limits], Document]


def engines_of(profile: str, models: Path | None) -> Engines:
    """The engines of a board's profile, their weights in `models` or in the usual store."""
    store = default_store()
    if models is not None:
        store = ModelStore(models, store.manifest)
    return Engines(load_profile(profile), store)


class Embedding:
    """The embedder of a board's profile, made at first use: it loads a model."""

    def __init__(self, profile: str, models: Path | None) -> None:
        self._profile = profile
        self._models = models
        self._embedder: Embedder | None = None
        self._lock = threading.Lock()

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._embedder is not None

    def get(self) -> Embedder:
        """The embedder; raises `Unavailable` where its model is not on this machine."""
        with self._lock:
            if self._embedder is None:
                self._embedder = engines_of(self._profile, self._models).embedder()
            return self._embedder


class KnowledgeReader:
    """Reads a file as far as to know that it can be indexed."""

    def __init__(self, limits: Limits, read: ReadDocument = read_document) -> None:
        self._limits = limits
        self._read = read

    def __call__(self, name: str, data: bytes) -> Read:
        """Raises `BadInput` for what the library can't take."""
        try:
            document = self._read(name, data, self._limits.model_copy(update={"ocr": None}))
        except Scanned:
            if self._limits.ocr is None:
                raise
            return Read(slug(name), name_as_title(name))  # recognising takes long: a job does it
        return Read(document.id, document.title)


class KnowledgeIndexer:
    """Reads, splits, embeds and packs. The embedder is made at first use: it loads a model."""

    def __init__(
        self, embedder: Callable[[], Embedder], limits: Limits, read: ReadDocument = read_document
    ) -> None:
        self._embedder = embedder
        self._limits = limits
        self._read = read

    def recipe(self, name: str) -> str:
        """SHA-256 of all that decides the pack of a file called `name`, but its bytes."""
        made_by: dict[str, Json] = {
            "embedding": embedding_of(self._embedder()).model_dump(mode="json"),
            "pack": [*pack_form()],
            "passages": [*passages_form()],
            "reader": [*reader_form(name, self._limits)],
        }
        return sha256(canonical(made_by))

    def index(
        self, task: Task, data: bytes, previous: bytes | None, progress: Callable[[int], None]
    ) -> MadePack:
        """Index `data`, with the vectors of passages that `previous` has already."""
        read = self._read(task.name, data, self._limits)
        info = read.info.model_copy(update=task.described.model_dump(exclude_none=True))
        document = replace(read, id=task.document, info=info)
        progress(_READ_PERCENT)
        counting = _Counting(self._embedder(), progress)
        pack = build_pack(document, task.version, counting, _content(task, previous))
        served = ServedPack(ref=pack.ref, embedding=embedding_of(counting), drugs=pack.drugs)
        content = read_pack(pack.data, pack.ref).header
        return MadePack(
            data=pack.data,
            title=document.title,
            pack=served,
            described=_described(info),
            recipe=self.recipe(task.name),
            unread=document.unread,
            text=_judged(document.text, document.title, document.name),
            places=tuple(Place(p.start, p.end, p.place) for p in content.passages),
        )


class _Counting:
    """An embedder that tells how far it is."""

    def __init__(self, embedder: Embedder, progress: Callable[[int], None]) -> None:
        self._embedder = embedder
        self._progress = progress
        self.model = embedder.model
        self.sha256 = embedder.sha256
        self.dimension = embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""
        parts = []
        for start in range(0, len(texts), _AT_ONCE):
            parts.append(self._embedder.embed(texts[start : start + _AT_ONCE]))
            done = min(start + _AT_ONCE, len(texts)) / len(texts)
            self._progress(_READ_PERCENT + int((99 - _READ_PERCENT) * done))
        if not parts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.concatenate(parts)


def _content(task: Task, previous: bytes | None) -> PackContent | None:
    if task.previous is None or previous is None:
        return None
    try:
        return read_pack(previous, task.previous.ref)
    except Unverified:
        return None  # it only saves work


def words_of(data: bytes, pack: ServedPack) -> str:
    """The text of a pack as the gate judged it; raises `Unverified`."""
    header = read_pack(data, pack.ref).header
    return _judged(header.text, header.info.title, header.name)


def _judged(text: str, title: str, name: str) -> str:
    """What the gate looks at: all that a pack says, for rooms hold the title and the name, too.

    They stand apart, and a file's own number ("small-cell-0000032") is left out, so that it is
    not taken for a telephone's or for that of somebody named elsewhere.
    """
    words = re.sub(r"[_/]+|[.][a-z]+$", " ", name)
    return _APART.join((text, title, _NUMBER.sub("", words)))


def _described(info: Info) -> Description:
    return Description(
        title=info.title[:500] or None,
        source=info.source[:500],
        specialty=info.specialty[:500],
        effective=info.effective,
        review=info.review,
        superseded_by=info.superseded_by[:500],
    )
