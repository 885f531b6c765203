"""Answers that cost something to make, kept for the next who asks the same.

Law: only what the gate cleared is looked up or kept, never a held query (law 1); what was made
of one edition, or under one policy, is never given under another: a new one empties the cache.
A near meaning is not the same question, so a hit wants a like vector and the same facts: every
number, drug, denial, condition and word on whom and how, and the same content words. Of a
question only its vector and a digest are kept, no words.

A crash leaves a whole file or one that is thrown away and begun anew: the cache holds nothing
that can't be made again. Thread-safe.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter

from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.verdict import Cleared
from voiceassist.engines.ports import Embedder
from voiceassist.errors import VoiceAssistError
from voiceassist.knowledge.answers.facts import facts
from voiceassist.knowledge.editions.database import DatabaseError, connect
from voiceassist.knowledge.text.queries import words

log = logging.getLogger(__name__)

MOST = 1_000  # answers; some 3 MB
ALIKE = 0.85  # cosine
_NEAREST = 8
_FORMAT = "1"

_T = TypeVar("_T")
_SENTENCES = TypeAdapter(tuple[Sentence, ...])
_OTHERS = frozenset({"denial", "condition", "whom", "manner", "act"})
_ASKED = frozenset({"why", "where", "when", "who", "much", "many", "before", "after"})
_SAME = {"therap": "treat", "manag": "treat", "dosag": "dos", "sign": "symptom"}
_TABLES = """
    CREATE TABLE IF NOT EXISTS scope (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS answers (
        id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, sentences TEXT NOT NULL);
"""
_FIND = "SELECT rowid, distance FROM vectors WHERE embedding MATCH ? AND k = ?"
_READ = "SELECT digest, sentences FROM answers WHERE id = ?"
_KEEP = "INSERT INTO answers (digest, sentences) VALUES (?, ?)"
_OLDEST = "SELECT id FROM answers ORDER BY id DESC LIMIT -1 OFFSET ?"


@dataclass(frozen=True, slots=True)
class Scope:
    """What an answer holds for: an edition (version and state root) and a policy."""

    version: int
    state_root: str
    policy: str = ""


class AnswerCache:
    """The answers of one machine, in `path`; a file that is damaged is begun anew."""

    def __init__(self, path: Path, embedder: Embedder, most: int = MOST) -> None:
        self._path = path
        self._embedder = embedder
        self._most = most
        self._lock = threading.Lock()
        self._connection: Any = None

    def put(self, query: Cleared, scope: Scope, sentences: Sequence[Sentence]) -> None:
        """Keep `sentences`, which answer `query` in `scope`; what is full forgets its oldest."""
        vector = self._vector(query)
        digest = _digest(query.text)
        text = _SENTENCES.dump_json(tuple(sentences)).decode()
        if not sentences or vector is None:
            return
        self._try(lambda: self._insert(scope, vector, digest, text), None)

    def look_up(self, query: Cleared, scope: Scope) -> tuple[Sentence, ...]:
        """What was kept for the same question in the same scope; nothing where there is none."""
        vector = self._vector(query)
        if vector is None:
            return ()
        text = self._try(lambda: self._find(scope, vector, _digest(query.text)), None)
        with suppress(ValueError):
            return _SENTENCES.validate_json(text) if text else ()
        return ()

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._forget()

    def _vector(self, query: Cleared) -> bytes | None:
        if not isinstance(query, Cleared):  # the type says so; this door checks all the same
            raise TypeError("only a cleared query has to do with the cache")
        try:
            return np.asarray(self._embedder.embed([query.text])[0], dtype=np.float32).tobytes()
        except VoiceAssistError as error:
            log.warning("the answer cache is passed by: %s", error)
            return None

    def _try(self, work: Callable[[], _T], otherwise: _T) -> _T:
        """Do it, on a new file where the old one is damaged: a cache never stops a turn."""
        with self._lock:
            for last in (False, True):
                try:
                    return work()
                except (DatabaseError, OSError, VoiceAssistError) as error:
                    log.warning("the answer cache is begun anew: %s", type(error).__name__)
                    self._forget()
                    if not last:
                        self._remove()
        return otherwise

    def _insert(self, scope: Scope, vector: bytes, digest: bytes, text: str) -> None:
        db = self._open(scope)
        db.execute("BEGIN IMMEDIATE")
        for (old,) in db.execute("SELECT id FROM answers WHERE digest = ?", (digest,)).fetchall():
            _drop(db, old)
        made = db.execute(_KEEP, (digest, text))
        db.execute("INSERT INTO vectors (rowid, embedding) VALUES (?, ?)", (made.lastrowid, vector))
        for (old,) in db.execute(_OLDEST, (self._most,)).fetchall():
            _drop(db, old)
        db.execute("COMMIT")

    def _find(self, scope: Scope, vector: bytes, digest: bytes) -> str | None:
        db = self._open(scope)
        near = [n for n, far in db.execute(_FIND, (vector, _NEAREST)) if 1 - far >= ALIKE]
        for number in near:
            row = db.execute(_READ, (number,)).fetchone()
            if row is not None and bytes(row[0]) == digest:
                return str(row[1])
        return None

    def _open(self, scope: Scope) -> Any:
        """The file, empty unless it is of this very scope, embedder and format."""
        if self._connection is None:
            self._connection = connect(self._path, write=True)
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.executescript(_TABLES)
        db = self._connection
        of = _key(scope, self._embedder)
        if db.execute("SELECT text FROM scope").fetchone() != (of,):
            _empty(db, of, self._embedder.dimension)
        return db

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(DatabaseError):
                self._connection.close()
        self._connection = None

    def _remove(self) -> None:
        for end in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)


def _key(scope: Scope, embedder: Embedder) -> str:
    of = (scope.version, scope.state_root, scope.policy, embedder.model, embedder.sha256)
    return json.dumps([_FORMAT, *of])


def _empty(db: Any, of: str, dimension: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("DROP TABLE IF EXISTS vectors")
    db.execute("DELETE FROM answers")
    db.execute("DELETE FROM scope")
    db.execute(
        f"CREATE VIRTUAL TABLE vectors USING vec0 (embedding float[{int(dimension)}]"
        " distance_metric=cosine)"
    )
    db.execute("INSERT INTO scope (id, text) VALUES (1, ?)", (of,))
    db.execute("COMMIT")


def _drop(db: Any, number: int) -> None:
    db.execute("DELETE FROM answers WHERE id = ?", (number,))
    db.execute("DELETE FROM vectors WHERE rowid = ?", (number,))


def _digest(question: str) -> bytes:
    """What two ways to ask one thing share: what decides, in order, and the content words."""
    said = facts(question)
    ordered = [[f.kind, f.value] for f in said if f.kind in {"number", "drug"}]
    others = sorted([f.kind, f.value] for f in said if f.kind in _OTHERS)
    content = sorted({_SAME.get(f.value, f.value) for f in said if f.kind == "content"})
    asked = sorted(set(words(question)) & _ASKED)
    return hashlib.sha256(json.dumps([ordered, others, content, asked]).encode()).digest()
