from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from voiceassist.contract.verdict import Item
from voiceassist.phi.build import build_document_judge
from voiceassist.phi.documents import DocumentJudge, windows
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lists import Sources, make_lists, write_lists
from voiceassist.phi.policy import PhiPolicy

PATIENTS = [
    "RE: Maria Lopez\nDOB: 03/14/1952\nMRN: 4471902\n\nThank you for seeing her.",
    "Hernandez, Maria   06/06/1982  1480239   12",
    "LOPEZ, MARIA  3/14/1952  F  MRN 4471902",
    "Mr. Whitaker came to the emergency department with weakness on his left.",
    "A recent patient, Robert Whitaker, had a reaction to ceftriaxone.",
    "Robert Whitaker, 79, died on November 9, 2025 of sepsis.",
    "The child, born on 4 May 2012, was vaccinated late.",
    "Doctor: What is the best number to reach you?\nPatient: My cell is 415-555-0199.",
    "doctor: and your date of birth\npatient: march third nineteen fifty two",
    "See the chart (MRN 4471902) for how this was handled.",
    "A 62-year-old woman was seen in our clinic on April 10, 2023 with chest pain.",
]
NOBODY = [
    "Written by Maria Lopez, MD. Reviewed by Dr. Robert Whitaker on March 3, 2024. Version 2.",
    "Call the poison line at 1-800-222-1222 or 770-488-7100, or write to info@cdc.gov.",
    "People born before January 1, 1957 are taken to be immune to measles.",
    "Effective 2024-03-01; review due 2026-03-01. Centers for Disease Control, Atlanta, GA 30333.",
    "A 65-year-old man with Parkinson disease takes 100 mg three times daily.",
    "In May 1993 an outbreak began in New Mexico. Trial NCT00038727 enrolled 3,234 people.",
]  # fmt: skip


@pytest.fixture(scope="module")
def judge() -> DocumentJudge:
    return build_document_judge(PhiPolicy())


@pytest.mark.parametrize("text", PATIENTS)
def test_what_ties_a_document_to_a_patient_is_found(judge: DocumentJudge, text: str) -> None:
    """A patient is found in a letter, a list, a note and a dialogue, also amid other text."""
    assert judge.items(text)
    around = "Give adrenaline into the thigh.\n\n"
    found = judge.items(around * 9 + text + "\n\n" + around)
    assert found
    for item in found:
        assert len(around) * 9 <= item.start < item.end <= len(around) * 9 + len(text)


@pytest.mark.parametrize("text", NOBODY)
def test_authors_hotlines_and_dates_of_a_guideline_are_nobodys(
    judge: DocumentJudge, text: str
) -> None:
    """What every guideline holds does not keep it back."""
    assert judge.items(text) == ()


def test_a_patient_on_the_clinics_lists_is_found_by_name_alone(tmp_path: Path) -> None:
    """The clinic's own list of patients counts, its staff's doesn't."""
    sources = Sources(patients=["Adaeze Okonkwo"], staff=["Tomasz Wieczorek"])
    path = tmp_path / "lists.json"
    write_lists(path, make_lists(sources, b"s" * 32, load_lexicon()).data)
    judge = build_document_judge(PhiPolicy(lists=path))
    assert judge.items("The example of Adaeze Okonkwo is telling.")
    assert judge.items("The example of Tomasz Wieczorek is telling.") == ()


def test_a_recogniser_that_fails_is_no_clearance() -> None:
    """An error reaches whoever asked, so that the document is kept back."""

    class Broken:
        def items(self, text: str) -> list[Item]:
            raise RuntimeError("broken")

    judge = DocumentJudge(PhiPolicy(), Broken(), load_lexicon(), lambda _: False, lambda _: False)
    with pytest.raises(RuntimeError, match="broken"):
        judge.items("Give adrenaline.")


def test_every_word_is_looked_at() -> None:
    """The windows leave out nothing but white space, however the text is broken."""
    text = "One. Two three. " * 60 + "\n\n" + "x" * 900 + " end\nline; next" + " word" * 1300
    spans = list(windows(text))
    seen = {at for start, end in spans for at in range(start, end)}
    assert all(at in seen or text[at].isspace() for at in range(len(text)))
    assert max(end - start for start, end in spans) <= 1200
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(spans))


@pytest.mark.slow
def test_a_list_of_all_patients_and_a_text_without_stops_are_judged_in_time(
    judge: DocumentJudge,
) -> None:
    """Time grows with the length, not with its square."""
    rows = "Hernandez, Maria   06/06/1982  1480239   12\n"
    for text in (rows * 2000, "word " * 20_000, "Maria Lopez " * 5000):
        began = time.monotonic()
        judge.items(text)
        assert time.monotonic() - began < 40
