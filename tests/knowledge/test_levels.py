from __future__ import annotations

import pytest

from voiceassist.contract.knowledge import Passage
from voiceassist.knowledge.answers.answer import answer
from voiceassist.knowledge.answers.levels import holds, values


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("potassium of six point two what do i do", (6.2,)),
        ("potassium of 6.2", (6.2,)),
        ("egfr of twenty five", (25,)),
        ("blood pressure of one hundred and eighty over one twenty", (180, 1, 20)),
        ("a seventy year old with an inr of nine", (70, 9)),
        ("what is the dose", ()),
    ],
)
def test_values_are_read_as_they_are_spoken(said: str, heard: tuple[float, ...]) -> None:
    """Digits, words, decimals and hundreds become numbers."""
    assert values(said) == pytest.approx(heard)


@pytest.mark.parametrize(
    ("text", "value", "held"),
    [
        ("When potassium is 6.0 to 6.4 mmol/L, repeat it.", 6.2, True),
        ("When potassium is 6.0 to 6.4 mmol/L, repeat it.", 6.6, False),
        ("Potassium of 6.5 mmol/L or more is an emergency.", 6.6, True),
        ("INR above 8.0: stop warfarin.", 9, True),
        ("Do not give it when eGFR is below 30.", 25, True),
        ("Do not give it when eGFR is below 30.", 35, False),
        ("A score of 2 or 3 needs a test.", 3, True),
        ("A score of three or more needs a test.", 2, False),
        ("Give 6 mg.", 3, False),
    ],
)
def test_a_range_holds_what_lies_in_it(text: str, value: float, held: object) -> None:
    """From, to, or more, below and either-or are read; a bare number is no range."""
    assert holds(text, value) is held


def test_the_sentence_of_the_asked_level_is_quoted() -> None:
    """Of three levels the one that holds the value is spoken first."""
    text = (
        "Draw the potassium without a tight tourniquet, and do not put it in the fridge. "
        "When potassium is 6.0 to 6.4 mmol/L, repeat it the same day. "
        "When potassium is 6.5 mmol/L or more, call an ambulance."
    )
    one = Passage(
        id=1, document="k", version=1, title="High potassium", place="", text=text, start=0,
        end=len(text), score=0.9, strength=0.9,
    )  # fmt: skip
    said = answer("potassium of six point two what do i do", [one], quotes=1)
    assert said.sources[0].quote == "When potassium is 6.0 to 6.4 mmol/L, repeat it the same day."
