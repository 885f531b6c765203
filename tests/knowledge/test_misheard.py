from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.search.library import Library
from voiceassist.knowledge.search.mishearing import mishear, speech, word_errors
from voiceassist.knowledge.text.queries import understand, words
from voiceassist.knowledge.text.sound import distance, key, likeness, neighbours

SEED = 7


@pytest.fixture
def library(make_store: Any, publisher: Any, documents: dict[str, Document]) -> Library:
    more = {
        "hyperkalemia.md": "# Hyperkalemia\n\nGive calcium gluconate for hyperkalemia.\n",
        "metformin.md": "# Metformin\n\nThe dose of metformin is 500 mg twice a day.\n",
    }
    read = [read_document(name, text.encode(), Limits()) for name, text in more.items()]
    packs = [publisher.make(document) for document in [*documents.values(), *read]]
    installed: Library = publisher.serve(make_store(), 1, packs)
    return installed


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("anafilaxis", "anaphylaxis"),
        ("salbutomol", "salbutamol"),
        ("azma", "asthma"),
        ("sistic", "cystic"),
        ("neumonia", "pneumonia"),
        ("zantomatosis", "xanthomatosis"),
    ],
)
def test_what_sounds_alike_has_keys_that_are_near(heard: str, said: str) -> None:
    """A word spelled as it sounds is a neighbour of the word that was said."""
    if key(said) and key(heard):
        assert key(said) in set(neighbours(key(heard)))
    assert likeness(heard, said) > likeness(heard, "hypertension")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=14))
def test_keys_hold_sounds_alone(word: str) -> None:
    """Whatever the word, its key is empty or made of the sounds that neighbours know."""
    assert set(key(word)) <= set("aptkfsnrlj")


def test_numbers_and_short_words_have_no_key() -> None:
    """A dose or a short word is never taken for another."""
    assert [key(word) for word in ("500", "b12", "gout", "")] == ["", "", "", ""]
    assert distance("abc", "adc") == 1


@pytest.mark.parametrize(
    ("query", "document", "meant"),
    [
        ("what helps in hiperkalimia", "hyperkalemia", "hyperkalemia"),
        ("what helps in hyper kalemia", "hyperkalemia", "hyperkalemia"),
        ("observe after anafilaxis", "anaphylaxis", "anaphylaxi"),
    ],
)
def test_a_word_that_no_passage_holds_is_taken_for_one_that_sounds_alike(
    library: Library, query: str, document: str, meant: str
) -> None:
    """Misspelled and split words find the passage, and it is told what was taken for what."""
    best = library.find(query)[0]
    assert best.document == document
    assert any(one.endswith(f": {meant}") for one in best.taken_for)


def test_words_that_the_library_holds_are_never_changed(library: Library) -> None:
    """A question in the library's words is searched as it was heard."""
    assert all(not p.taken_for for p in library.find("dose of salbutamol in an asthma attack"))


def test_a_known_drug_is_never_taken_for_another(library: Library) -> None:
    """What the library lacks on one drug it doesn't answer with a drug that sounds alike."""
    for drug in ("prednisone", "metronidazole"):
        assert all(not p.taken_for for p in library.find(f"what is the dose of {drug}"))


def test_a_drug_that_was_misheard_weakens_the_passage(library: Library) -> None:
    """A passage found by a drug's likely name is much weaker than by the name itself."""
    sure = library.find("dose of metformin")[0]
    unsure = library.find("dose of metforman")[0]
    assert unsure.document == sure.document == "metformin"
    assert unsure.taken_for == ("metforman: metformin",)
    assert unsure.strength < 0.8 * sure.strength


def test_a_word_like_nothing_stays_unknown(library: Library) -> None:
    """No word is forced on what nothing sounds like."""
    asked = understand("what about quixotry and zephyrs")
    assert library._lexicon.mend(asked, library._lexicon.weigh(asked.terms)) == []


def test_mishearing_comes_to_the_rate_and_can_be_repeated() -> None:
    """The seed decides the errors, and their share of the words is near what was asked for."""
    texts = [f"what is the treatment of pneumonia in children number {n}" for n in range(300)]
    known = speech(texts)

    def heard(seed: int) -> list[str]:
        chance = random.Random(seed)
        return [mishear(text, 0.1, chance, known) for text in texts]

    once = heard(SEED)
    assert once == heard(SEED)
    assert once != heard(SEED + 1)
    assert 0.06 < word_errors(list(zip(texts, once, strict=True))) < 0.14


def test_word_errors_count_what_was_changed_lost_and_added() -> None:
    """The measure is edits of words over words said."""
    assert word_errors([("give two puffs now", "give too puffs")]) == 0.5
    assert word_errors([]) == 0
    assert words("give") == ["give"]
