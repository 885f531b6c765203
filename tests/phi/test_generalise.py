from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceassist.contract.verdict import Held, Item, Verdict
from voiceassist.phi.bands import age_band
from voiceassist.phi.generalise import generalise
from voiceassist.phi.lexicon import WordKind, load_lexicon

Judge = Callable[[str], Verdict]
TODAY = date(2026, 3, 1)
# heard, and, after ">", as it is read back
GENERALISED = """
what is the dose of warfarin for john smith
> what is the dose of warfarin for the patient
my patient maria gonzalez born march third nineteen fifty two takes metformin can she have
  contrast
> my patient aged 70 to 74 takes metformin can she have contrast
m r n four four one two nine six needs potassium replaced what rate is safe
> the patient needs potassium replaced what rate is safe
the patient's date of birth is oh three slash twelve slash fifty two does she need a shingles
  vaccine
> the patient is aged 70 to 74 does she need a shingles vaccine
her sister anna has lupus what should she be screened for
> her sister has lupus what should she be screened for
he was admitted on the third of june with sepsis which antibiotic is first line
> he was admitted recently with sepsis which antibiotic is first line
a ninety four year old woman with atrial fibrillation should she get apixaban
> a woman aged over 89 with atrial fibrillation should she get apixaban
he is ninety one and on digoxin what level is toxic
> he is aged over 89 and on digoxin what level is toxic
the patient lives at twelve oak street and has asthma which inhaler comes first
> the patient lives at an address and has asthma which inhaler comes first
she was seen at mercy general hospital for pneumonia when do i repeat the x ray
> she was seen at a clinic for pneumonia when do i repeat the x ray
he lives in milwaukee and has a cough after bird exposure what could this be
> he lives in a town and has a cough after bird exposure what could this be
his phone number is two one two five five five oh one four seven and he has gout what is the
  dose of colchicine
> he has gout what is the dose of colchicine
the pacemaker serial number is p m seven seven eight nine four two is an m r i safe for the
  patient
> the pacemaker is an m r i safe for the patient
dr patel wants to know the target inr for a mechanical mitral valve in john smith
> a clinician wants to know the target inr for a mechanical mitral valve in the patient
her name is anna kowalski and she takes lisinopril what are the side effects
> she takes lisinopril what are the side effects
John Smith, DOB 03/12/1952, MRN 441296, has CKD stage 3. What is the maximum dose of gabapentin?
> The patient, aged 70 to 74, has CKD stage 3. What is the maximum dose of gabapentin?
Mrs. Kowalski, 71, was discharged on June 3, 2023 on warfarin. When should her INR be checked?
> The patient, 71, was discharged during 2023 on warfarin. When should her INR be checked?
"""
NAMES = ["john smith", "maria gonzalez", "emily johnson", "michael thompson", "anna kowalski"]
DATES = ["on april twelfth twenty twenty three", "on june 3, 2021", "in may nineteen ninety nine"]
NUMBERS = [
    "m r n four four one two nine six", "phone number five five five one two three four five six",
    "social security number one two three four five six seven eight nine",
    "email j dot kowalski at example dot com", "insurance id x y z three four five six seven",
]  # fmt: skip
PLACES = ["mercy general hospital", "the springfield clinic", "johns hopkins"]
ASKED = ["metformin in renal failure", "amiodarone with simvastatin", "apixaban after a stroke"]
WORD = re.compile(r"[^\W_]{3,}")


def pairs(lines: str) -> list[tuple[str, str]]:
    """What was heard and what is told, of lines that go on where the next is indented."""
    one = re.sub(r"\n +", " ", lines.strip()).split("\n")
    return [
        (heard, line.removeprefix("> ")) for heard, line in zip(one[::2], one[1::2], strict=True)
    ]


@pytest.mark.parametrize(("heard", "told"), pairs(GENERALISED))
def test_a_held_question_reads_without_whom_it_is_about(
    judge: Judge, heard: str, told: str
) -> None:
    """Each item becomes a neutral phrase or goes with its introduction, and the gate clears it."""
    held = judge(heard)
    assert isinstance(held, Held)
    made = generalise(held, today=TODAY)
    assert made is not None
    assert made.text == told
    assert not judge(made.text).held


@pytest.mark.parametrize(
    "heard",
    [
        "john smith",  # nothing left to ask
        "treat john smith and mary jones with doxycycline for how long",  # two people
        "what about john smith",
        "the max rate of norepinephrine for patient max in room four one two",  # "max" is a word
        "her voiceprint id five five one two three four what is the dose of prednisone",
        "what is the dose of warfarin for john smith " + "in renal failure " * 30,  # not read back
    ],
)
def test_what_can_not_be_generalised_is_not(judge: Judge, heard: str) -> None:
    """Nothing is made where nothing is left, two are named, or a neutral phrase would mislead."""
    held = judge(heard)
    assert isinstance(held, Held)
    assert generalise(held, today=TODAY) is None


@pytest.mark.parametrize("reason", ["low_confidence", "language", "follow_up", "time_out", "error"])
def test_only_items_are_generalised(reason: str) -> None:
    """A question that is held for another reason, too, is left alone."""
    text = "what is the dose of warfarin for john smith"
    items = (Item("NAME", 33, 43, 0.9, "names"),)
    assert generalise(Held(text, items, ("items",)), today=TODAY) is not None
    assert generalise(Held(text, items, ("items", reason)), today=TODAY) is None


def test_an_unknown_kind_is_not_generalised() -> None:
    """A kind for which no neutral phrase is known makes nothing, instead of staying."""
    text = "what is the dose of warfarin for john smith"
    held = Held(text, (Item("TATTOO", 33, 43, 0.9, "x"),), ("items",))
    assert generalise(held, today=TODAY) is None


def test_what_the_gate_missed_beside_an_item_is_not_let_out() -> None:
    """A name or town that no item marks makes nothing: only words known to be none go out."""
    text = "peter from baltimore m r n four four one two nine six needs warfarin what dose is safe"
    held = Held(text, (Item("MRN", 21, 53, 0.9, "ids"),), ("items",))
    assert generalise(held, today=TODAY) is None


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(DATES),
    st.sampled_from(NUMBERS),
    st.sampled_from(PLACES),
    st.sampled_from(ASKED),
    st.permutations([0, 1, 2]),
)
def test_no_character_of_an_item_is_left(
    judge: Judge, name: str, when: str, number: str, place: str, asked: str, order: list[int]
) -> None:
    """Of the items' words nothing remains but words that the rest says, too, and a bare year."""
    parts = [f"seen at {place}", when, number]
    told = " ".join(parts[index] for index in order)
    text = f"what should i know of {asked} for my patient {name} {told} with chest pain"
    held = judge(text)
    assert isinstance(held, Held)
    made = generalise(held, today=TODAY)
    if made is not None:
        assert not _left(held, made.text)


def _left(held: Held, text: str) -> set[str]:
    """The items' words in `text` that are neither said outside items nor ordinary."""
    places = {place for item in held.items for place in range(item.start, item.end)}
    words = [(found[0].lower(), found.span()) for found in WORD.finditer(held.text)]
    inside = {word for word, span in words if places & set(range(*span))}
    outside = {word for word, span in words if not places & set(range(*span))}
    ours = {"the", "patient", "clinic", "town", "aged", "during", "recently", "seen"}
    year = {word for word in inside if re.fullmatch(r"(?:19|20)\d\d", word)}
    names = WordKind.TOP_GIVEN | WordKind.GIVEN
    ordinary = {word for word in outside if not load_lexicon().is_any(word, names)}
    said = {found[0].lower() for found in WORD.finditer(text)}
    return (inside & said) - ordinary - ours - year


@pytest.mark.parametrize(
    ("heard", "band"),
    [
        ("march third nineteen fifty two", "aged 70 to 74"),
        ("03/01/1956", "aged 70 to 74"),  # seventy today
        ("03/02/1956", "aged 65 to 69"),  # and tomorrow
        ("oh three slash twelve slash fifty two", "aged 70 to 74"),
        ("the second of october twenty twenty four", "aged 1 to 2"),
        ("january 5 2026", "less than 1 year old"),
        ("july 4, 1931", "aged over 89"),
        ("june third", None),
        ("may 1 2031", None),
    ],
)
def test_a_birth_date_becomes_a_band(heard: str, band: str | None) -> None:
    """The band holds the age on the day given; without a year, or in the future, there is none."""
    assert age_band(heard, TODAY) == band


@pytest.mark.parametrize(
    ("heard", "original"),
    [
        ("what is the dose of warfarin for john smith", "john smith"),
        ("does mr okafor need a repeat potassium after furosemide", "okafor"),
        ("what is the dose of warfarin for mr graves with diabetes", None),  # a disease, too
        ("dr patel asks for the target inr of a mechanical valve", None),  # no patient
        ("her sister anna has lupus what should she be screened for", None),
    ],
)
def test_only_a_name_that_is_nothing_else_can_be_put_back(
    judge: Judge, heard: str, original: str | None
) -> None:
    """The placeholder's original is kept where it is one patient's name and no medical word."""
    held = judge(heard)
    assert isinstance(held, Held)
    made = generalise(held, today=TODAY)
    assert made is not None
    assert made.originals.get("the patient") == original
    assert "john" not in repr(made)
