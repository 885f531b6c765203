from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voiceassist.knowledge.documents import Document
from voiceassist.knowledge.measuring import bench
from voiceassist.knowledge.measuring.synthetic import PER_DOCUMENT, Model, make, refs
from voiceassist.knowledge.search.library import Library

SEED = 7


@pytest.fixture
def model(make_store: Any, publisher: Any, documents: dict[str, Document]) -> Model:
    packs = [publisher.make(document) for document in documents.values()]
    library: Library = publisher.serve(make_store(), 1, packs)
    return bench.model(library)


def test_a_made_document_depends_on_seed_and_number_alone(model: Model) -> None:
    """The same seed makes the same document, another number or seed another."""
    one, again = make(model, 3, SEED), make(model, 3, SEED)
    assert one.content.header == again.content.header
    assert np.array_equal(one.vectors, again.vectors)
    assert make(model, 4, SEED).content.header.text != one.content.header.text
    assert make(model, 3, SEED + 1).content.header.text != one.content.header.text


def test_a_made_document_is_like_a_real_one(model: Model) -> None:
    """Its passages tile its text, its title is a real one's with a name, its vectors are unit."""
    made = make(model, 0, SEED)
    header = made.content.header
    assert len(header.passages) == PER_DOCUMENT == made.ref.passages
    assert header.passages[0].start == 0
    assert header.passages[-1].end == len(header.text)
    assert any(header.info.title.endswith(title) for title in model.titles)
    assert np.linalg.norm(made.vectors, axis=1) == pytest.approx(np.ones(PER_DOCUMENT), abs=1e-5)
    assert len(refs(99)) == 3


def test_a_made_library_is_measured(model: Model, tmp_path: Path, embedder: Any) -> None:
    """Search of a small library, where many passages are the same, finds most of the nearest."""
    figures = bench.measure(model, embedder, 500, SEED, tmp_path / "made", time.perf_counter)
    assert figures["passages"] == 500
    assert figures["questions"] > 0
    assert figures["recall_at_10"] > 0.6
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]
    assert figures["longest_while_opening_ms"] > 0


def test_texts_are_embedded_once(embedder: Any) -> None:
    """A text seen before costs no embedding."""
    remembering = bench.Remembering(embedder)
    first = remembering.embed(["fever", "cough", "fever"])
    embedder.calls.clear()
    assert np.array_equal(remembering.embed(["cough"])[0], first[1])
    assert embedder.calls == []
