from __future__ import annotations

import pytest

from voiceassist.knowledge.text.drugs import find_drugs, is_drug, most_named


@pytest.mark.parametrize(
    "word", ["metformin", "Amoxicillin", "apixaban", "olmesartan", "infliximab"]
)
def test_drugs_are_known_by_list_or_stem(word: str) -> None:
    """Listed names and names by INN stem, in any case."""
    assert is_drug(word)


@pytest.mark.parametrize(
    "word", ["April", "cholesterol", "alcohol", "histidine", "protocol", "Martin", "Olivia", "gel"]
)
def test_common_words_and_names_are_no_drugs(word: str) -> None:
    """What the gate would otherwise let pass as a drug's name stays a person's."""
    assert not is_drug(word)


def test_drugs_of_a_document_come_by_frequency() -> None:
    """The most named first; declared names count, also those of several words."""
    text = "Warfarin and aspirin. Stop warfarin before surgery."
    assert find_drugs(text, declared=["Vitamin K"]) == ("warfarin", "aspirin", "vitamin k")


def test_the_names_of_most_documents_come_first() -> None:
    """A name counts once a document; ties stand in the order of the alphabet."""
    lists = [("naproxen", "warfarin"), ("warfarin", "warfarin"), ("apixaban",)]
    assert most_named(lists) == ("warfarin", "apixaban", "naproxen")
