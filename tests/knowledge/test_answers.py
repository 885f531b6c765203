from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.contract.knowledge import Passage, Source
from voiceassist.knowledge.answers.answer import NOTHING_FOUND, answer, compose_prompt, supported
from voiceassist.knowledge.answers.quoting import MOST_WORDS, shorten
from voiceassist.knowledge.text.sentences import Span

DOSES = (
    "Anaphylaxis is a severe reaction. The adult dose of epinephrine is 0.5 mg into the muscle. "
    "Do not give epinephrine into a vein. Repeat after 5 minutes if there is no improvement."
)


def passage(
    text: str = DOSES, *, strength: float = 0.9, document: str = "anaphylaxis", **more: object
) -> Passage:
    values = {"id": 1, "version": 3, "title": "Anaphylaxis", "place": "Treatment", "start": 40}
    return Passage.model_validate(
        values
        | {"document": document, "text": text, "end": 40 + len(text), "score": 0.03}
        | {"strength": strength}
        | more
    )


def source(quote: str, title: str = "Card") -> Source:
    return Source(
        document="card", version=1, title=title, place="", quote=quote, start=0, end=len(quote)
    )


def test_a_dose_is_quoted_where_a_dose_is_asked() -> None:
    """The sentence with the number is the first quotation, behind a lead with the source."""
    said = answer("what is the dose of epinephrine", [passage()], quotes=1)
    assert said.found
    assert [(s.kind, s.text) for s in said.sentences] == [
        ("lead", "From Anaphylaxis, Treatment."),
        ("quote", "The adult dose of epinephrine is 0.5 mg into the muscle."),
    ]
    (one,) = said.sources
    assert DOSES[one.start - 40 : one.end - 40] == one.quote
    assert (one.document, one.version, one.place) == ("anaphylaxis", 3, "Treatment")


@pytest.mark.parametrize("passages", [[], [passage(strength=0.1)]])
def test_nothing_or_something_weak_is_said_to_be_nothing(passages: list[Passage]) -> None:
    """Without strong evidence the one sentence is the notice, and there are no sources."""
    said = answer("what is the dose", passages)
    assert not said.found
    assert [(s.kind, s.text, s.sources) for s in said.sentences] == [("notice", NOTHING_FOUND, ())]
    assert said.sources == ()


def test_quotations_come_from_one_document_in_its_order() -> None:
    """Two quotations are never two documents' words run together."""
    other = passage("Epinephrine dose in asthma is unknown.", document="asthma", score=0.01)
    said = answer("epinephrine dose and vein", [passage(), other])
    assert {s.document for s in said.sources} == {"anaphylaxis"}
    assert [s.start for s in said.sources] == sorted(s.start for s in said.sources)


def test_the_lead_leaves_out_a_place_that_says_nothing_new() -> None:
    """A heading that is a question or repeats the title is not read aloud; a page is."""
    asked = passage(place="page 2, What is Anaphylaxis?")
    assert answer("epinephrine", [asked]).sentences[0].text == "From Anaphylaxis, page 2."


def test_a_long_list_is_cut_between_items_and_says_so() -> None:
    """Cut short, a quotation is still exact, and the listener is told that there is more."""
    items = ", ".join(f"symptom {name} of the skin" for name in "abcdefghijklmnop")
    text = f"Symptoms include {items} and itching."
    said = answer("what are the symptoms", [passage(text)], quotes=1)
    quote = said.sources[0].quote
    assert text.startswith(quote)
    assert len(quote.split()) <= MOST_WORDS
    assert quote.endswith("skin")
    assert said.sentences[-1].kind == "notice"


@pytest.mark.parametrize("rest", ["unless the patient is pregnant", "then 5 mg daily", "but not"])
def test_what_would_turn_the_meaning_is_never_cut_off(rest: str) -> None:
    """A condition, a number or a negation at the end keeps a long sentence whole."""
    text = "Give the drug " + ", ".join(["to people with a cough"] * 9) + f", {rest}."
    assert shorten(text, Span(0, len(text))) == Span(0, len(text))


@given(st.text(min_size=1, max_size=500))
def test_a_quotation_is_always_the_documents_own_words(text: str) -> None:
    """For any text, each quoted source is exactly its span."""
    whole = "x" * 40 + text
    said = answer("what is the dose", [passage(text)])
    for one in said.sources:
        assert whole[one.start : one.end] == one.quote


CARD = source(
    "Amoxicillin 500 mg is given three times daily. Ibuprofen 400 mg is taken with food. "
    "Do not give aspirin to children.",
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Amoxicillin 500 mg is given three times daily.",
        "Amoxicillin is given three times daily.",
        "Give amoxicillin 500 milligrams three times daily.",
        "Aspirin is not to be given to children.",
    ],
)
def test_what_the_source_says_is_supported(sentence: str) -> None:
    """Shortening, units in words and another order of words are no change of meaning."""
    assert supported(sentence, [CARD]) is True


@pytest.mark.parametrize(
    "sentence",
    [
        "Amoxicillin 250 mg is given three times daily.",
        "Amoxicillin 500 g is given three times daily.",
        "Amoxicillin 400 mg is given three times daily.",
        "Amoxicillin 500 mg is given four times daily.",
        "Penicillin 500 mg is given three times daily.",
        "Give aspirin to children.",
        "Amoxicillin 500 mg is not given three times daily.",
        "Amoxicillin 500 mg cures most infections within days.",
        "Ibuprofen 500 mg is taken with food.",
        "",
    ],
)
def test_what_the_source_does_not_say_is_not_supported(sentence: str) -> None:
    """Another number, unit or drug, a turned negation, the dose of another: none passes."""
    assert supported(sentence, [CARD]) is False


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("Paracetamol is given at 500 mg in adults.", True),
        ("Paracetamol is given at 250 mg in children.", True),
        ("Paracetamol is given at 250 mg in adults.", False),
        ("Paracetamol is given at 500 mg in children.", False),
    ],
)
def test_a_dose_is_only_for_whom_it_is_meant(sentence: str, holds: object) -> None:
    """Two doses in one sentence can't change places."""
    card = source("Paracetamol is given at 500 mg in adults, and is given at 250 mg in children.")
    assert supported(sentence, [card]) is holds


def test_nothing_is_supported_by_no_source() -> None:
    """Without sources there is no evidence."""
    assert supported("Amoxicillin is a drug.", []) is False


def test_every_quotation_supports_itself() -> None:
    """What is quoted word by word would also pass the check of what is composed."""
    said = answer("epinephrine dose", [passage()])
    assert all(supported(one.quote, said.sources) for one in said.sources)


def test_the_prompt_is_short_and_holds_question_and_sources() -> None:
    """A small model on a small board gets about 300 tokens, whatever was found."""
    prompt = compose_prompt("what is the dose", [source("word " * 90), source("other " * 90)])
    assert "what is the dose" in prompt.user
    assert "other" not in prompt.user
    assert len((prompt.system + prompt.user).split()) < 260


def test_what_announces_a_list_is_quoted_with_its_items() -> None:
    """A sentence that ends in a colon says nothing alone; bullets are not read aloud."""
    text = "Signs of croup may include:\n- A barking cough.\n- A hoarse voice."
    said = answer("what are the signs of croup", [passage(text, title="Croup")], quotes=1)
    assert said.sources[0].quote == text
    assert said.sentences[1].text == (
        "Signs of croup may include: A barking cough. A hoarse voice."
    )


def test_what_something_is_is_answered_by_its_definition() -> None:
    """The sentence that begins with the topic and says what it is comes before others on it."""
    text = "Croup can be severe in infants. Croup is an infection of the upper airway."
    said = answer("what is croup", [passage(text, title="Croup")], quotes=1)
    assert said.sources[0].quote == "Croup is an infection of the upper airway."
