from __future__ import annotations

from pathlib import Path

import pytest

from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.knowledge.answers.facts import facts
from voiceassist.knowledge.answers.quoting import shorten
from voiceassist.knowledge.answers.support import supported
from voiceassist.knowledge.documents import Document, Limits, read_document
from voiceassist.knowledge.measuring import attack
from voiceassist.knowledge.measuring.witness import absent, resolves
from voiceassist.knowledge.text.sentences import Span

LIBRARY = Path(__file__).parents[2] / "demo" / "library"


def source(quote: str, title: str = "Card", place: str = "") -> Source:
    return Source(
        document="card", version=1, title=title, place=place, quote=quote, start=0, end=len(quote)
    )


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    files = sorted(LIBRARY.glob("*.md"))
    return [read_document(file.name, file.read_bytes(), Limits()) for file in files]


def test_no_false_number_unit_drug_or_negation_passes(documents: list[Document]) -> None:
    """Of hundreds of sentences made false in what matters most, none is taken for supported."""
    counted = attack.attack(documents)
    tried = {kind: counted[kind] for kind in attack.NEVER}
    assert sum(one["tried"] for one in tried.values()) > 150
    assert {kind: one["passed"] for kind, one in tried.items()} == dict.fromkeys(attack.NEVER, 0)


def test_few_other_false_sentences_pass_and_honest_ones_do(documents: list[Document]) -> None:
    """Whom, route, frequency, direction, certainty, conditions: under 5% pass; of honest, 95%."""
    counted = attack.attack(documents, seed=7)
    shares = {}
    for label in ("false", "honest"):
        of = [counts for name, counts in counted.items() if name.startswith(label)]
        shares[label] = sum(one["passed"] for one in of) / sum(one["tried"] for one in of)
    assert shares["false"] < 0.05
    assert shares["honest"] > 0.95


def test_the_attack_finds_a_check_that_lets_all_pass(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every sentence passes, each kind of falsehood is counted as passed."""
    monkeypatch.setattr(attack, "supported", lambda sentence, sources: True)
    counted = attack.attack(documents)
    assert all(one["passed"] == one["tried"] > 0 for one in counted.values())


BOTH = "Paracetamol 500 mg is given to adults and 250 mg is given to children."


@pytest.mark.parametrize(
    ("quote", "sentence"),
    [
        (BOTH, "Paracetamol 500 mg is given to children and 250 mg is given to adults."),
        ("Give 10 mg/kg of the drug in sepsis.", "Give 10 mg of the drug in sepsis."),
        ("Give 10 mg/kg of the drug in sepsis.", "Give 10 mg/kg of the drug."),
        ("Treat for 5 days.", "Treat every 5 days."),
        ("Call when saturation is <92%.", "Call when saturation is 92%."),
        ("The dose may be doubled.", "The dose must be doubled."),
        ("Do not give 500 mg in adults, or 250 mg in children.", "Give 250 mg in children."),
        ("Do not give ibuprofen; give paracetamol.", "Do not give paracetamol."),
        ("Give ibuprofen 400 mg or paracetamol 1 g.", "Give paracetamol 400 mg."),
        ("Give A unless there is a rash, then give B.", "Give A, then give B."),
        ("Steroids help in adults with croup.", "Steroids help in adults."),
        ("Rash or fever needs a visit.", "Rash and fever needs a visit."),
        ("Vaccinate against hepatitis B.", "Vaccinate against hepatitis A."),
        ("Smoking causes cancer.", "Cancer causes smoking."),
        ("Aspirin harms children.", "Give aspirin to children."),
        ("Survivin is needed for growth but is not needed for division.",
         "Survivin is not needed for growth."),
        ("The test fails to show early disease.", "The test shows early disease."),
        ("Fever is common. Rash is rare.", "Fever is rare."),
    ],
)  # fmt: skip
def test_what_would_mislead_is_not_supported(quote: str, sentence: str) -> None:
    """Each is made of the source's own words, and says something else."""
    assert not supported(sentence, [source(quote)])


@pytest.mark.parametrize(
    ("quote", "sentence"),
    [
        (BOTH, "Paracetamol 250 mg is given to children."),
        ("Give gentamicin 10 mg/kg every 6 hours.", "Give gentamicin 10 mg per kg 6 hourly."),
        ("Take iron 3 times a day by mouth.", "Take iron three times daily by mouth."),
        ("Signs of croup are:\n- A barking cough.\n- A hoarse voice.",
         "Signs of croup are a barking cough and a hoarse voice."),
        ("Fever is common. Rash is rare.", "Fever is common, and rash is rare."),
        ("Metformin is stopped.", "The library says that metformin is stopped."),
        ("Drug: ceftriaxone; Dose: 2 g", "Drug: ceftriaxone; Dose: 2 g"),
    ],
)  # fmt: skip
def test_what_says_the_same_is_supported(quote: str, sentence: str) -> None:
    """Units in words, lists run together, two sentences joined."""
    assert supported(sentence, [source(quote)])


def test_shortening_leaves_off_nothing_that_turns_the_meaning(documents: list[Document]) -> None:
    """Of every sentence, cut at its earliest, what is left off denies and conditions nothing."""
    cut = 0
    for document in documents:
        text = document.text
        for draft in [*document.blocks]:
            span = shorten(text, Span(draft.start, draft.end))
            left = facts(text[span.end : draft.end])
            cut += span.end < draft.end
            assert not [f for f in left if f.kind in {"number", "denial", "condition"}]
    assert cut


def test_the_witness_names_what_is_spoken_without_evidence() -> None:
    """Numbers, units, drugs and denials that no source holds are told; a lead's are not."""
    of = (source("Give amoxicillin 500 mg for 5 days."),)
    said = "Do not give ibuprofen 250 mcg for 5 days."
    assert absent(Sentence(text=said, kind="composed", sources=of)) == (
        "250", "denial", "ibuprofen", "mcg",
    )  # fmt: skip
    assert absent(Sentence(text="Amoxicillin 500 milligrams.", kind="composed", sources=of)) == ()
    assert absent(Sentence(text="From Chapter 12.", kind="lead", sources=of)) == ()


def test_a_citation_resolves_to_exactly_its_words() -> None:
    """Another place, another document or no words at all don't resolve."""
    one = source("Give it.")
    texts = {"card": "Give it. Not more."}
    assert resolves(one, texts.get)
    assert not resolves(one.model_copy(update={"start": 1}), texts.get)
    assert not resolves(one.model_copy(update={"document": "other"}), texts.get)
    assert not resolves(one.model_copy(update={"quote": "", "end": 0}), texts.get)
