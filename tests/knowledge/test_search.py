from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.editions import database
from voiceassist.knowledge.editions.packs import unit
from voiceassist.knowledge.search.filters import Filters
from voiceassist.knowledge.search.fusion import fuse
from voiceassist.knowledge.search.lexicon import Lexicon, Weighed, affordable
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.search.vectors import Exact, Nearest, Scan, read
from voiceassist.knowledge.text.queries import Term, spelled, understand

SEED = 7
DATED = """---
title: Sepsis {year}
specialty: {specialty}
effective: {year}-01-01
superseded_by: {successor}
---
Give ceftriaxone {dose} g for sepsis.
"""


@pytest.fixture
def dated(make_store: Any, publisher: Any) -> Library:
    rows = [
        (2020, "Emergency", "sepsis-2024-md", 1),
        (2024, "Emergency", "", 2),
        (2030, "Emergency", "", 3),
        (2021, "Surgery", "", 4),
    ]
    packs = []
    for year, specialty, successor, dose in rows:
        text = DATED.format(year=year, specialty=specialty, successor=successor, dose=dose)
        packs.append(publisher.make(read_document(f"s{year}.md", text.encode(), Limits())))
    library: Library = publisher.serve(make_store(), 1, packs)
    return library


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {"s2024", "s2030", "s2021"}),
        (Filters(superseded=True), {"s2020", "s2024", "s2030", "s2021"}),
        (Filters(specialty="emergency"), {"s2024", "s2030"}),
        (Filters(on=dt.date(2025, 6, 1)), {"s2024", "s2021"}),
        (Filters("Emergency", dt.date(2023, 1, 1), superseded=True), {"s2020"}),
        (Filters(specialty="dermatology"), set()),
    ],
)
def test_filters_decide_what_may_be_found(
    dated: Library, filters: Filters, expected: set[str]
) -> None:
    """Specialty, day and supersession hide documents from passages and ranks alike."""
    assert {p.document for p in dated.find("ceftriaxone sepsis", 9, filters)} == expected
    assert set(dated.rank("ceftriaxone sepsis", 9, filters)) == expected


def test_filters_apply_before_the_best_are_chosen(publisher: Any, make_store: Any) -> None:
    """The one document of a specialty is found behind hundreds that fit the words better."""
    texts = [f"---\nspecialty: a\n---\nFever fever fever {n}.\n" for n in range(300)]
    texts.append("---\nspecialty: b\n---\nA long text on something else that names fever.\n")
    packs = [
        publisher.make(read_document(f"d{n}.md", text.encode(), Limits()))
        for n, text in enumerate(texts)
    ]
    library = publisher.serve(make_store(), 1, packs)
    assert [p.document for p in library.find("fever", 1, Filters("b"))] == ["d300"]


def test_documents_rank_by_their_best_passage(publisher: Any, make_store: Any) -> None:
    """Each document stands once, and many weak passages don't outrank a good one."""
    long = "# Notes\n" + "".join(f"\n## Part {n}\n\nRash is common {n}.\n" for n in range(9))
    short = "# Rash\n\nRash.\n"
    packs = [
        publisher.make(read_document(name, text.encode(), Limits()))
        for name, text in (("long.md", long), ("short.md", short))
    ]
    library = publisher.serve(make_store(), 1, packs)
    assert library.rank("rash") == ["short", "long"]
    assert library.rank("the of") == []


def test_scores_are_shares_of_the_best_of_each_kind() -> None:
    """The best by words and meaning has 1; how far others are behind counts."""
    scores = fuse({1: 8.0, 2: 4.0}, {1: 0.8, 2: 0.8, 3: 0.4})
    assert scores[1] == pytest.approx(1)
    assert scores[2] == pytest.approx(0.8)
    assert scores[3] == pytest.approx(0.3)
    assert fuse({}, {1: -0.1}) == {1: 0}


def test_what_is_alike_by_chance_does_not_hide_the_only_passage_that_holds_the_word() -> None:
    """Where nothing is near in meaning, "form zq-17" finds the passage that names it."""
    chance = dict.fromkeys(range(2, 9), 0.3)
    scores = fuse({1: 9.0}, {1: 0.05, **chance})
    assert max(scores, key=scores.__getitem__) == 1


def _clustered(count: int, dimension: int = 128) -> Any:
    chance = np.random.default_rng(SEED)
    centres = chance.standard_normal((40, dimension))
    rows = centres[chance.integers(0, 40, count)] + chance.standard_normal((count, dimension))
    directions = np.rint(rows / np.abs(rows).max(axis=1, keepdims=True) * 127).astype(np.int8)
    return directions, centres.astype(np.float32)


def test_the_scan_finds_what_exact_search_finds() -> None:
    """Of the ten nearest of 20,000, at least 97% are found, with their exact cosines."""
    directions, centres = _clustered(20_000)
    numbers = np.arange(5, 20_005)
    exact, scan = Exact(numbers, directions), Scan(numbers, directions)
    found = []
    for centre in unit(centres):
        wanted, got = exact.nearest(centre, 10), scan.nearest(centre, 10)
        assert list(got.values()) == sorted(got.values(), reverse=True)
        found.append(len(wanted.keys() & got.keys()) / 10)
        for one in wanted.keys() & got.keys():
            assert got[one] == pytest.approx(wanted[one], abs=1e-5)
    assert np.mean(found) >= 0.97


@pytest.mark.parametrize("kind", [Exact, Scan])
def test_only_what_is_allowed_is_near(kind: type[Nearest]) -> None:
    """A mask hides passages from the search itself, however near they are."""
    directions, centres = _clustered(3_000)
    vectors: Nearest = kind(np.arange(3_000), directions)  # type: ignore[call-arg]
    vector = unit(centres[:1])[0]
    allowed = np.zeros(3_000, dtype=np.bool_)
    allowed[[7, 90, 2_999]] = True
    assert set(vectors.nearest(vector, 50, allowed)) == {7, 90, 2_999}
    assert vectors.nearest(vector, 50, ~np.ones(3_000, dtype=np.bool_)) == {}
    some = np.array([90, 7])
    assert vectors.likeness(some, vector) == pytest.approx(unit(directions[some]) @ vector)


def test_vectors_are_read_as_sqlite_vec_tells_them(
    make_store: Any, publisher: Any, documents: dict[str, Document]
) -> None:
    """Reading by the thousand gives the rows that a query for each would, after removals too."""
    packs = [publisher.make(document) for document in documents.values()]
    store = make_store()
    publisher.serve(store, 1, packs)
    library = publisher.serve(store, 2, packs[1:])
    numbers, directions = read(library._connection, publisher.embedder.dimension)
    rows = library._connection.execute("SELECT rowid, embedding FROM vectors ORDER BY rowid")
    assert dict(rows.fetchall()) == {
        int(number): row.tobytes() for number, row in zip(numbers, directions, strict=True)
    }


def test_the_rarest_terms_are_read_within_the_budget() -> None:
    """Common terms are left out where rare ones would not be read in time; absent ones always."""
    rare, common, absent = (Term((word,), aspect=False) for word in ("rare", "common", "absent"))
    weighed = [Weighed(common, 900), Weighed(absent, 0), Weighed(rare, 10)]
    assert affordable(weighed, 1_000) == [rare, common]
    assert affordable(weighed, 500) == [rare]
    assert affordable(weighed, 5) == []


def test_terms_are_counted_as_the_tokenizer_sees_them(connection: Any) -> None:
    """Inflections and accents meet, alternatives add up, and a phrase counts its rarest word."""
    lexicon = Lexicon(connection)
    counts = {
        text: lexicon.weigh(understand(text).terms)[0].passages
        for text in ("patients", "épinephrine", "zebra", "adrenaline")
    }
    assert counts == {"patients": 2, "épinephrine": 1, "zebra": 0, "adrenaline": 1}


@pytest.fixture
def connection(make_store: Any, publisher: Any, documents: dict[str, Document]) -> Any:
    packs = [publisher.make(document) for document in documents.values()]
    return publisher.serve(make_store(), 1, packs)._connection


def test_plain_words_are_stemmed_once() -> None:
    """What the edition's tokenizer makes of words, by the word."""
    stem = database.stemmer()
    assert stem(["treatments", "treatments", "b12"]) == {"treatments": "treatment", "b12": "b12"}
    assert stem([]) == {}


class LastWord:
    """A reranker that wants what it is told to want."""

    model = "last-word"

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.seen: list[int] = []

    def rerank(self, query: str, texts: Sequence[str]) -> Any:
        self.seen.append(len(texts))
        return np.array([0.9 if self.wanted in text else 0.1 for text in texts], dtype=np.float32)


def test_a_reranker_decides_among_the_best(
    make_store: Any, publisher: Any, documents: dict[str, Document], tmp_path: Path
) -> None:
    """Where there is one, its order stands, in passages and in ranks, with falling scores."""
    packs = [publisher.make(document) for document in documents.values()]
    publisher.serve(make_store(), 1, packs)
    path = next((tmp_path / "store").glob("edition-*.sqlite"))
    query = "dose of prednisolone and soap"
    assert Library(path, publisher.embedder).find(query)[0].document == "asthma"
    reranker = LastWord("antihistamines")
    library = Library(path, publisher.embedder, reranker)
    found = library.find(query)
    assert found[0].document == "anaphylaxis"
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert library.rank(query)[0] == "anaphylaxis"
    assert all(0 < count <= 20 for count in reranker.seen)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a c o p d flare", "a copd flare"),
        ("does she need an l p and a c t", "does she need an lp and a ct"),
        ("the patient's t s h", "the patient's tsh"),
        ("should i i v it", "should i iv it"),
        ("hepatitis b a patient", "hepatitis b a patient"),
        ("group a strep", "group a strep"),
        ("i.v. fluids", "iv. fluids"),
    ],
)
def test_letters_said_one_by_one_are_the_short_form(said: str, meant: str) -> None:
    """Spelled letters join to what they spell, and a word "a" or "i" beside them stays a word."""
    assert spelled(said) == meant


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("vanc", "vancomycin"),
        ("clexane", "enoxaparin"),
        ("sats", "oxygen saturation"),
        ("c x r", "chest x-ray"),
        ("mils", "ml"),
        ("fitting", "seizure"),
    ],
)
def test_what_is_said_on_the_ward_finds_what_is_written(said: str, written: str) -> None:
    """A clipped word, a brand or a unit as it is spoken is looked for as documents have it."""
    assert written in {one for term in understand(said).terms for one in term.alternatives}


def test_words_beside_the_matter_weigh_little() -> None:
    """What a caller wants and when they rang is no topic."""
    terms = understand("she's rung this morning and can't wait warfarin").terms
    assert [t.alternatives[0] for t in terms if not t.aspect] == ["warfarin"]
