"""Canary queries: a new edition's file must find its own passages before anybody is served.

The file's checks tell that it holds the right bytes. These tell that words lead to passages,
and that this machine's embedder makes the vectors that the edition was made with: a question
embedded by another one would find nothing, and no checksum would show it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from voiceassist.contract.edition import Manifest
from voiceassist.engines.ports import Embedder
from voiceassist.errors import Unverified
from voiceassist.knowledge.editions.packs import passage_input, unit
from voiceassist.knowledge.text.queries import content_words

CANARIES = 5
ALIKE = 0.97  # cosine: rounding and another processor's arithmetic cost less than 0.01
_WORDS = 8

_NTH = "SELECT id FROM passages ORDER BY id LIMIT 1 OFFSET ?"
_LENGTH = 'SELECT "end" - start, id FROM passages WHERE id = ?'
_READ = """
    SELECT p.context, substr(d.text, p.start + 1, p."end" - p.start), v.embedding
    FROM passages p JOIN documents d ON d.id = p.document JOIN vectors v ON v.rowid = p.id
    WHERE p.id = ?
"""
_FOUND = "SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?"


def sing(connection: Any, manifest: Manifest, embedder: Embedder) -> None:
    """Ask for some passages of an edition's file; raises `Unverified` where one is not found."""
    for places in chosen(manifest.state_root, manifest.passages):
        drawn = [connection.execute(_NTH, (place,)).fetchone()[0] for place in places]
        passage = min(drawn, key=lambda one: connection.execute(_LENGTH, (one,)).fetchone())
        context, text, stored = connection.execute(_READ, (passage,)).fetchone()
        _by_words(connection, manifest, passage, text)
        _by_meaning(manifest, embedder, stored, passage_input(context, text))


def chosen(root: str, total: int) -> list[list[int]]:
    """Places below `total`, some in each of `CANARIES` equal parts, told by the state root.

    The shortest passage of each part's is asked for, as who asks meanwhile waits for its
    embedding.
    """
    count = min(CANARIES, total)
    places = []
    for part in range(count):
        first, end = part * total // count, (part + 1) * total // count
        drawn = hashlib.sha256(f"{root}/{part}".encode()).digest()
        numbers = (int.from_bytes(drawn[n : n + 4], "big") for n in range(0, len(drawn), 4))
        places.append([first + number % (end - first) for number in numbers])
    return places


def _by_words(connection: Any, manifest: Manifest, passage: int, text: str) -> None:
    words = sorted(dict.fromkeys(content_words(text)), key=lambda word: (-len(word), word))
    if not words:
        return
    expression = " AND ".join('"' + word.replace('"', "") + '"' for word in words[:_WORDS])
    if connection.execute(_FOUND, (expression, passage)).fetchone() is None:
        raise Unverified(
            f"edition {manifest.version}: a passage is not found by its own words; "
            "synchronise it again, or index its document again on the hub"
        )


def _by_meaning(manifest: Manifest, embedder: Embedder, stored: bytes, text: str) -> None:
    vector = embedder.embed([text])[0]
    direction = unit(np.frombuffer(stored, dtype=np.int8)[np.newaxis, :])[0]
    alike = float(direction @ vector) / max(float(np.linalg.norm(vector)), 1e-9)
    if direction.any() and vector.any() and not alike >= ALIKE:
        raise Unverified(
            f"edition {manifest.version}: this machine's {embedder.model} makes other vectors "
            f"than the hub's (cosine {alike:.2f}); install the same release and weights on both"
        )
