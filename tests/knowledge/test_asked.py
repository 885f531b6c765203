from __future__ import annotations

import pytest

from voiceassist.contract.knowledge import Passage
from voiceassist.knowledge.answers.answer import NOTHING_FOUND, NOTHING_SURE, answer
from voiceassist.knowledge.answers.asked import about


def passage(text: str, title: str = "Card", place: str = "", document: str = "card") -> Passage:
    return Passage(
        id=1, document=document, version=1, title=title, place=place, text=text, start=0,
        end=len(text), score=0.9, strength=0.9,
    )  # fmt: skip


ADULTS = passage("Amoxicillin 1 g three times daily for adults.", "Pneumonia in adults")
CHILDREN = passage("Amoxicillin 40 mg/kg a day.", "Pneumonia in children")


@pytest.mark.parametrize(
    ("question", "told", "fits"),
    [
        ("amoxicillin dose for pneumonia", ADULTS, True),
        ("amoxicillin dose for a child with pneumonia", ADULTS, False),
        ("amoxicillin dose for a four year old with pneumonia", ADULTS, False),
        ("amoxicillin dose for a forty four year old with pneumonia", ADULTS, True),
        ("amoxicillin dose for a child with pneumonia", CHILDREN, True),
        ("amoxicillin dose for an adult with pneumonia", CHILDREN, False),
        ("amoxicillin in pregnancy", ADULTS, False),
        ("ceftriaxone dose in pneumonia", ADULTS, False),
        (
            "how do i treat a low potassium",
            passage("Stop spironolactone.", "High potassium"),
            False,
        ),
        ("which drugs do i stop in high potassium", passage("Stop it.", "High potassium"), True),
        ("insulin dose", passage("Insulin is planned with the nurse."), False),
        ("insulin dose", passage("Give insulin 6 units."), True),
        ("hepatitis c treatment", passage("Hepatitis B is treated at the clinic."), False),
        ("hepatitis b treatment", passage("Hepatitis B and hepatitis C are treated."), True),
        ("type two diabetes", passage("Type 1 diabetes needs insulin."), False),
        ("dose from two years", passage("From 2 to 5 years give 5 mg."), True),
        ("dose for a two year old", passage("From 2 to 5 years give 5 mg."), True),
    ],
)
def test_a_neighbours_passage_is_not_about_the_question(
    question: str, told: Passage, fits: object
) -> None:
    """Another patient, drug or opposite, or words where an amount is asked, is another question."""
    assert about(question, told) is fits


def test_a_near_miss_is_answered_by_nothing() -> None:
    """However strong the passage is, the dose for adults is not quoted for a child."""
    said = answer("amoxicillin dose for a child with pneumonia", [ADULTS])
    assert not said.found
    assert said.sentences[0].text == NOTHING_FOUND


def test_of_two_documents_the_one_on_the_question_alone_is_quoted() -> None:
    """A title that says more than was asked is of something else."""
    text = "Hodgkin lymphoma is treated with chemotherapy."
    plain = passage(text, "Hodgkin lymphoma", document="plain")
    other = passage("Non-" + text, "Non-Hodgkin lymphoma", document="other")
    other = other.model_copy(update={"score": 0.95})
    said = answer("how is hodgkin lymphoma treated", [other, plain])
    assert {source.document for source in said.sources} == {"plain"}


def test_what_points_back_is_quoted_with_what_it_points_to() -> None:
    """Of "either of them" nothing is heard without the sentence that names them."""
    text = "Do not combine lisinopril with losartan. Do not give either of them in pregnancy."
    said = answer("can i give lisinopril in pregnancy", [passage(text)], quotes=1)
    assert said.sources[0].quote == text


@pytest.mark.parametrize(
    ("question", "strength", "said"),
    [
        ("pneumonia in the elderly", 0.4, [NOTHING_SURE, "The nearest is Pneumonia in adults."]),
        ("pneumonia in the elderly", 0.1, [NOTHING_FOUND]),
        ("pneumonia in a child", 0.4, [NOTHING_FOUND]),
    ],
)
def test_what_is_weak_is_named_and_not_quoted(
    question: str, strength: float, said: list[str]
) -> None:
    """A passage that nearly answers is told by its title; a far or a neighbour's one is not."""
    answered = answer(question, [ADULTS.model_copy(update={"strength": strength})])
    assert (answered.found, answered.sources) == (False, ())
    assert [one.text for one in answered.sentences] == said
    named = [one for one in answered.sentences if one.kind == "lead"]
    assert all(one.sources for one in named)  # a title is the library's words, with its place
    assert (answered.nearest is None) == (said == [NOTHING_FOUND])
