from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.search.strength import Evidence, coverage, strength
from voiceassist.knowledge.text.queries import understand, words
from voiceassist.knowledge.text.vocabulary import american

NOW_S = 1_800_000_000


@pytest.fixture
def library(make_store: Any, publisher: Any, documents: dict[str, Document]) -> Library:
    packs = [publisher.make(document) for document in documents.values()]
    installed: Library = publisher.serve(make_store(), 1, packs)
    return installed


def test_the_passage_that_answers_comes_first(library: Library) -> None:
    """Words and meaning together find the passage, with its place and exact span."""
    best = library.find("what is the dose of prednisolone in an asthma attack")[0]
    assert (best.document, best.place) == ("asthma", "Treatment")
    text = library.document_text("asthma")
    assert text is not None
    assert text[best.start : best.end] == best.text


def test_passages_have_ids_of_their_own_and_fall_in_score(library: Library) -> None:
    """Ids are unique, scores descend, strength is a share."""
    found = library.find("give salbutamol and wash hands")
    assert len({p.id for p in found}) == len(found)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert all(0 <= p.strength <= 1 for p in found)


def test_nothing_asked_finds_nothing(library: Library) -> None:
    """Empty words, and words without content, are no query."""
    assert library.find("") == []
    assert library.find("what is the of") == []


@given(st.text(max_size=60))
def test_no_words_break_the_search(text: str) -> None:
    """Whatever was heard, the expression for FTS5 holds words and never syntax."""
    asked = understand(text)
    parts = asked.expression.split('"')
    assert all(part in {"", " OR "} for part in parts[::2])
    assert len(asked.terms) == len({term.alternatives[0] for term in asked.terms})


@pytest.mark.parametrize(
    "query", ['dose" OR *', "NEAR(a b) AND", "title:dose -not", "(((", "'; DROP TABLE words; --"]
)
def test_search_syntax_in_a_query_is_only_words(library: Library, query: str) -> None:
    """FTS5's operators and SQL's have no power when they are spoken."""
    assert isinstance(library.find(query), list)


def test_short_forms_find_what_they_stand_for(publisher: Any, make_store: Any) -> None:
    """Acronyms, other names and other spellings meet the library's words."""
    document = read_document(
        "uti.md", b"# Urinary tract infection\n\nCheck for hyperkalaemia.\n", Limits()
    )
    library = publisher.serve(make_store(), 1, [publisher.make(document)])
    for query in ("uti", "high potassium", "hyperkalemia", "hyperkalaemia"):
        assert library._by_words(understand(query).terms, 5, None) != {}


def test_what_is_superseded_is_not_found(publisher: Any, make_store: Any) -> None:
    """A document that names its successor stays in the edition and out of search."""
    old = read_document("old.md", b"---\nsuperseded_by: new\n---\nGive 5 mg.\n", Limits())
    new = read_document("new.md", b"Give 10 mg.\n", Limits())
    library = publisher.serve(make_store(), 1, [publisher.make(old), publisher.make(new)])
    assert {p.document for p in library.find("give mg")} == {"new"}
    assert library.document_text("old") == "Give 5 mg."


def test_one_document_does_not_crowd_out_the_others(publisher: Any, make_store: Any) -> None:
    """Among the best few, a document has two passages at most."""
    long = "# Fever\n" + "".join(f"\n## Part {i}\n\nFever is common {i}.\n" for i in range(9))
    short = "# Cold\n\nA cold may bring fever.\n"
    packs = [
        publisher.make(read_document(name, text.encode(), Limits()))
        for name, text in (("long.md", long), ("short.md", short))
    ]
    library = publisher.serve(make_store(), 1, packs)
    found = [p.document for p in library.find("fever")]
    assert found.count("long") == 2
    assert found.count("short") == 1


def test_many_threads_may_ask_at_once(library: Library) -> None:
    """Concurrent questions each get their own answer."""
    asked = {
        "epinephrine thigh": "anaphylaxis",
        "salbutamol spacer": "asthma",
        "soap water": "handwashing",
    }
    wrong: list[str] = []

    def ask(query: str, document: str) -> None:
        wrong.extend(query for _ in range(20) if library.find(query)[0].document != document)

    threads = [threading.Thread(target=ask, args=one) for one in asked.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_strength_rises_with_every_measure() -> None:
    """More likeness and more of the words never weaken a passage."""
    measures = (0.5, 0.2, 0.5, 0.5, 0.4)
    base = strength(Evidence(*measures))
    for at, value in enumerate(measures):
        more = (*measures[:at], value + 0.1, *measures[at + 1 :])
        assert strength(Evidence(*more)) > base
    assert coverage([], []) == 0


def test_words_lose_accents_possessives_and_case() -> None:
    """The words "Bell's" and "Ménière" become "bell" and "meniere"."""
    assert words("Bell's palsy; Ménière") == ["bell", "palsy", "meniere"]


def test_spellings_meet() -> None:
    """British clinical spellings become American ones; other words stay."""
    assert american("Anaemia, oedema and diarrhoea of a tumour") == (
        "anemia, edema and diarrhea of a tumor".replace("anemia", "Anemia")
    )
    assert american("does the aerosol harm") == "does the aerosol harm"
