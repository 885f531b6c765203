"""Libraries of any size, made of a real one's sentences and vectors, to measure search by.

A made document treats one real passage's matter: its passages mix that document's sentences with
others', and name it by a made word or two, as rare as real names are. Vectors are real ones moved
by the difference of two others, so that they lie as densely, and as unevenly, as real ones do.
The same seed makes the same library.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import EmbeddingSpec, PackRef
from voiceassist.knowledge.documents.model import Info
from voiceassist.knowledge.editions.packs import (
    Directions,
    PackContent,
    PackedPassage,
    PackHeader,
    unit,
)
from voiceassist.knowledge.search.vectors import Vector, read
from voiceassist.knowledge.text.sentences import sentences

PER_DOCUMENT = 25  # passages, as the development library has
_WORDS = 110
_OWN = 0.6  # the share of a document's sentences that come from its model
_MOVED = 0.6  # how far a vector is moved, of its length
_ONSETS, _RIMES = ("b", "c", "d", "f", "g", "l", "m", "n", "r", "st", "tr"), ("a", "e", "io", "us")

_TEXTS = """
    SELECT p.id, d.id, d.title, substr(d.text, p.start + 1, p."end" - p.start)
    FROM passages p JOIN documents d ON d.id = p.document ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class Model:
    """A real library: each document's title and sentences, each passage's document and vector."""

    titles: list[str]
    said: list[list[str]] = field(repr=False)
    document_of: npt.NDArray[np.int64] = field(repr=False)
    vectors: npt.NDArray[np.float32] = field(repr=False)
    embedding: EmbeddingSpec


@dataclass(frozen=True, slots=True)
class Made:
    """A made document: its pack, its vectors before they were rounded, and a question on it."""

    ref: PackRef
    content: PackContent = field(repr=False)
    vectors: npt.NDArray[np.float32] = field(repr=False)
    question: str


def model_of(connection: Any, embedding: EmbeddingSpec) -> Model:
    """What an edition's file holds."""
    titles: list[str] = []
    said: list[list[str]] = []
    places: dict[int, int] = {}
    document_of = []
    for _, document, title, text in connection.execute(_TEXTS):
        place = places.setdefault(document, len(places))
        if place == len(titles):
            titles.append(title)
            said.append([])
        said[place] += [" ".join(text[one.start : one.end].split()) for one in sentences(text)]
        document_of.append(place)
    _, directions = read(connection, embedding.dimension)
    return Model(titles, said, np.array(document_of), unit(directions), embedding)


def refs(passages: int) -> list[PackRef]:
    """The packs of a library of `passages` passages, to the nearest full document below."""
    return [_ref(number) for number in range(passages // PER_DOCUMENT)]


def make(model: Model, number: int, seed: int) -> Made:
    """The document of that number: it depends on no other, so any may be made alone."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - a library that can be made again
    noise = np.random.default_rng((seed, number))
    like = chance.randrange(len(model.titles))
    name = "".join(chance.choice(_ONSETS) + chance.choice(_RIMES) for _ in range(4))
    title = f"{name.capitalize()} {model.titles[like]}"
    texts = [_passage(model, like, name, chance) for _ in range(PER_DOCUMENT)]
    vectors = _vectors(model, like, noise)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    directions: Directions = np.rint(vectors / largest * 127).astype(np.int8)
    ref = _ref(number)
    content = PackContent(_header(model, ref.document, title, texts), directions)
    asked = chance.choice(chance.choice(texts).split(". ")).split()[:8]
    named = chance.choice((title, model.titles[like]))
    return Made(ref, content, vectors, f"what about {named}: {' '.join(asked)}")


def _ref(number: int) -> PackRef:
    document = f"made-{number}"
    digest = sha256(document.encode())
    return PackRef(document=document, version=1, sha256=digest, size=1, passages=PER_DOCUMENT)


def _passage(model: Model, like: int, name: str, chance: random.Random) -> str:
    parts = [f"{name} is treated here."] if chance.random() < _OWN else []
    words = 0
    while words < _WORDS:
        own = chance.random() < _OWN
        source = model.said[like if own else chance.randrange(len(model.said))]
        part = chance.choice(source) if source else name
        parts.append(part)
        words += len(part.split())
    return " ".join(parts)


def _vectors(model: Model, like: int, noise: np.random.Generator) -> npt.NDArray[np.float32]:
    own = np.flatnonzero(model.document_of == like)
    base = model.vectors[noise.choice(own, PER_DOCUMENT)]
    one, other = noise.integers(0, len(model.vectors), (2, PER_DOCUMENT))
    moved = model.vectors[one] - model.vectors[other]
    moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    made = base + _MOVED * moved
    lengths: Vector = np.linalg.norm(made, axis=1, keepdims=True)
    return np.asarray(made / np.maximum(lengths, 1e-9), dtype=np.float32)


def _header(model: Model, document: str, title: str, texts: list[str]) -> PackHeader:
    passages, start = [], 0
    for number, text in enumerate(texts, start=1):
        passages.append(
            PackedPassage(
                start=start,
                end=start + len(text),
                place=f"Part {number}",
                context=f"{title}. Part {number}",
            )
        )
        start += len(text) + 1
    return PackHeader(
        document=document,
        version=1,
        name=f"{document}.md",
        info=Info(title=title),
        text="\n".join(texts),
        passages=tuple(passages),
        embedding=model.embedding,
        drugs=(),
    )
