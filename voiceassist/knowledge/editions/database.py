"""One edition as one SQLite file: documents, passages, words (FTS5) and vectors (sqlite-vec).

A file is written by one process before it is an edition and only read afterwards. What another
document supersedes is found only where it is asked for; words are in American spelling. A file
of another `LAYOUT` is not read: its edition is synchronised again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import sqlite_vec

from voiceassist.contract.edition import Manifest, PackRef
from voiceassist.contract.packlist import state_root
from voiceassist.errors import StoreFull, Unavailable, Unverified
from voiceassist.knowledge.editions.packs import PackContent
from voiceassist.knowledge.text.sound import key
from voiceassist.knowledge.text.vocabulary import american

try:
    # the standard library's SQLite often can't load extensions
    from pysqlite3 import dbapi2 as sqlite
except ImportError:
    import sqlite3 as sqlite

DatabaseError: type[Exception] = sqlite.DatabaseError

LAYOUT = 4  # of the tables below; raise it when they change

_TOKENIZE = "porter unicode61 remove_diacritics 2"
_SCHEMA = f"""
PRAGMA user_version = {LAYOUT};
CREATE TABLE edition (manifest TEXT NOT NULL);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, document TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
    sha256 TEXT NOT NULL, size INTEGER NOT NULL, passages INTEGER NOT NULL,
    name TEXT NOT NULL, title TEXT NOT NULL, specialty TEXT NOT NULL, info TEXT NOT NULL,
    drugs TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents (id),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, place TEXT NOT NULL, context TEXT NOT NULL);
CREATE INDEX passages_by_document ON passages (document);
CREATE VIRTUAL TABLE words USING fts5 (title, place, body, tokenize = "{_TOKENIZE}");
CREATE TABLE terms (
    term TEXT PRIMARY KEY, passages INTEGER NOT NULL, sound TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX terms_by_sound ON terms (sound);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
"""


def connect(path: Path, *, write: bool = False) -> Any:
    """A connection with sqlite-vec, usable from any thread (one at a time)."""
    mode = "rwc" if write else "ro"
    connection = sqlite.connect(
        f"file:{path.absolute().as_posix().replace('?', '%3f').replace('#', '%23')}?mode={mode}",
        uri=True,
        check_same_thread=False,
        isolation_level=None,
    )
    if write:
        connection.create_function("sound", 1, key, deterministic=True)
        # the file is synced once, when it is whole; a crash before leaves what is thrown away
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
    try:
        connection.enable_load_extension(True)  # noqa: FBT003 - its only parameter
        connection.load_extension(sqlite_vec.loadable_path())
        connection.enable_load_extension(False)  # noqa: FBT003 - its only parameter
    except (AttributeError, sqlite.OperationalError) as error:
        connection.close()
        raise Unavailable(
            "this Python's SQLite loads no extensions; install pysqlite3-binary"
        ) from error
    return connection


def create(connection: Any, dimension: int) -> None:
    """Lay out an empty edition whose vectors have `dimension` parts."""
    connection.executescript(_SCHEMA)
    connection.execute(
        "CREATE VIRTUAL TABLE vectors USING vec0 "
        f"(embedding int8[{int(dimension)}] distance_metric=cosine)"
    )


def apply(
    connection: Any,
    manifest: Manifest,
    packs: Iterable[PackRef],
    new: Iterator[tuple[PackRef, PackContent]],
) -> None:
    """Make the file hold exactly `packs` as `manifest`, given the contents that it lacks."""
    with _transaction(connection):
        wanted = {pack.document: pack for pack in packs}
        for held in packs_in(connection):
            if wanted.get(held.document) != held:
                _remove(connection, held.document)
        for ref, content in new:
            _remove(connection, ref.document)
            _insert(connection, ref, content)
        # one list a term instead of several: a search takes a third less
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute("DELETE FROM terms")
        connection.execute("INSERT INTO terms SELECT term, doc, sound(term) FROM vocabulary")
        connection.execute("DELETE FROM edition")
        text = manifest.model_dump_json()
        connection.execute("INSERT INTO edition (manifest) VALUES (?)", (text,))


def packs_in(connection: Any) -> tuple[PackRef, ...]:
    """The packs that the file was made from, ordered by document."""
    rows = connection.execute(
        "SELECT document, version, sha256, size, passages FROM documents ORDER BY document"
    )
    keys = ("document", "version", "sha256", "size", "passages")
    return tuple(PackRef.model_validate(dict(zip(keys, row, strict=True))) for row in rows)


def drugs_in(connection: Any) -> Iterator[list[str]]:
    """The drugs that each document names."""
    for row in connection.execute("SELECT drugs FROM documents"):
        yield json.loads(row[0])


def manifest_in(connection: Any) -> Manifest:
    """The manifest the file was made for; raises `Unverified` when there is none."""
    if connection.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
        raise Unverified("the library's file is of another release; synchronise it again")
    row = connection.execute("SELECT manifest FROM edition").fetchone()
    if row is None:
        raise Unverified("the library's file holds no edition; synchronise it again")
    try:
        return Manifest.model_validate_json(row[0])
    except ValueError as error:
        raise Unverified("the library's file is of another form; synchronise it again") from error


def check(connection: Any) -> Manifest:
    """Prove the file whole by SQLite's check, state root and counts; raises `Unverified`."""
    if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        raise Unverified("the library's file is damaged; synchronise it again")
    manifest = manifest_in(connection)
    packs = packs_in(connection)
    counts = (len(packs), sum(p.passages for p in packs), sum(p.size for p in packs))
    signed = (manifest.documents, manifest.passages, manifest.size)
    if state_root(packs) != manifest.state_root or counts != signed:
        raise Unverified("the library's file is not what was published; synchronise it again")
    for table in ("passages", "words", "vectors"):
        held, wanted = connection.execute(
            f"SELECT (SELECT count(*) FROM {table}),"  # noqa: S608 - fixed names
            " (SELECT coalesce(sum(passages), 0) FROM documents)"
        ).fetchone()
        if held != wanted:
            raise Unverified(f"the library's file lacks {table}; synchronise it again")
    return manifest


def copy(source: Path, target: Path) -> None:
    """Copy an edition's file to begin the next one from it."""
    old = connect(source)
    try:
        new = connect(target, write=True)
        try:
            old.backup(new)
        finally:
            new.close()
    finally:
        old.close()


def stemmer() -> Callable[[Iterable[str]], dict[str, str]]:
    """What makes the terms of `words` of plain words, as the edition's own tokenizer does.

    Not thread-safe.
    """
    memory = sqlite.connect(":memory:", check_same_thread=False, isolation_level=None)
    memory.execute(f'CREATE VIRTUAL TABLE said USING fts5 (word, tokenize = "{_TOKENIZE}")')
    memory.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (said, instance)")

    def stem(words: Iterable[str]) -> dict[str, str]:
        said = list(dict.fromkeys(words))
        memory.execute("BEGIN")
        memory.executemany("INSERT INTO said (rowid, word) VALUES (?, ?)", enumerate(said))
        found = memory.execute("SELECT doc, term FROM terms").fetchall()
        memory.execute("ROLLBACK")
        return {said[number]: term for number, term in found}

    return stem


@contextlib.contextmanager
def errors_named() -> Iterator[None]:
    """Inside, SQLite's errors become ours: a full disk `StoreFull`, the others `Unverified`."""
    try:
        yield
    except sqlite.DatabaseError as error:
        if "full" in str(error):
            raise StoreFull("no room on the disk for the library; free some space") from error
        raise Unverified("the library's file is damaged; synchronise it again") from error


@contextlib.contextmanager
def _transaction(connection: Any) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite.DatabaseError):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _remove(connection: Any, document: str) -> None:
    row = connection.execute("SELECT id FROM documents WHERE document = ?", (document,)).fetchone()
    if row is None:
        return
    ids = connection.execute("SELECT id FROM passages WHERE document = ?", row).fetchall()
    connection.executemany("DELETE FROM words WHERE rowid = ?", ids)
    connection.executemany("DELETE FROM vectors WHERE rowid = ?", ids)
    connection.execute("DELETE FROM passages WHERE document = ?", row)
    connection.execute("DELETE FROM documents WHERE id = ?", row)


def _insert(connection: Any, ref: PackRef, content: PackContent) -> None:
    header, info = content.header, content.header.info
    cursor = connection.execute(
        "INSERT INTO documents (document, version, sha256, size, passages, name, title, specialty,"
        " info, drugs, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            ref.document, ref.version, ref.sha256, ref.size, ref.passages, header.name, info.title,
            info.specialty, info.model_dump_json(),
            json.dumps(header.drugs), header.text,
        ),
    )  # fmt: skip
    document = cursor.lastrowid
    for passage, direction in zip(header.passages, content.directions, strict=True):
        cursor = connection.execute(
            'INSERT INTO passages (document, start, "end", place, context) VALUES (?, ?, ?, ?, ?)',
            (document, passage.start, passage.end, passage.place, passage.context),
        )
        body = header.text[passage.start : passage.end]
        place = passage.context.removeprefix(info.title)
        connection.execute(
            "INSERT INTO words (rowid, title, place, body) VALUES (?, ?, ?, ?)",
            (cursor.lastrowid, american(info.title), american(place), american(body)),
        )
        connection.execute(
            "INSERT INTO vectors (rowid, embedding) VALUES (?, vec_int8(?))",
            (cursor.lastrowid, direction.tobytes()),
        )
