from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.rules.spoken import breaths, number_words, to_speech


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Give 5 mg now.", "Give five milligrams now."),
        ("1 g", "one gram"),
        ("0.5 mL", "zero point five millilitres"),
        ("5-10 mg/kg/day", "five to ten milligrams per kilogram per day"),
        ("6\u20138 h", "six to eight hours"),
        ("1,250 mg", "one thousand two hundred fifty milligrams"),
        ("below 92%", "below ninety-two percent"),
        ("500mg BID prn", "five hundred milligrams twice a day as needed"),
        ("1 mg/5 mL", "one milligram per five millilitres"),
        ("q6h", "every six hours"),
        ("q4-6h", "every four to six hours"),
        ("q1h", "every hour"),
        ("a 5-day course", "a five day course"),
        ("140/90 mmHg", "one hundred forty over ninety millimetres of mercury"),
        ("CrCl < 30 mL/min", "creatinine clearance less than thirty millilitres per minute"),
        ("38.5 \u00b0C", "thirty-eight point five degrees Celsius"),
        ("In 2019, 3 of 10", "In 2019, three of ten"),
        ("vitamin B12 and T4", "vitamin B12 and T4"),
        ("shown before [3, 4].", "shown before."),
    ],
)
def test_what_is_written_is_said_as_clinicians_say_it(written: str, said: str) -> None:
    """Numbers, units, ranges and short forms become the words that a clinician would say."""
    assert to_speech(written) == said


@given(st.text(max_size=200))
def test_any_text_can_be_said(text: str) -> None:
    """No text breaks the rules, and saying it twice changes no more spaces."""
    said = to_speech(text)
    assert said == " ".join(said.split())


@given(st.integers(0, 999_999_999))
def test_numbers_become_words(number: int) -> None:
    """A number below a billion is said without digits, with or without thousands' commas."""
    said = number_words(str(number))
    assert not any(character.isdigit() for character in said)
    assert said == number_words(f"{number:,}")


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_different_numbers_are_said_differently(one: int, other: int) -> None:
    """Two numbers sound alike only if they are the same: a dose is never another."""
    assert (number_words(str(one)) == number_words(str(other))) == (one == other)


@given(st.text("abc ,;.", max_size=600))
def test_breaths_lose_nothing(text: str) -> None:
    """A sentence parted for the voice is the same sentence."""
    text = " ".join(text.split())
    assert " ".join(breaths(text)) == text


def test_a_long_list_is_parted_where_one_would_breathe() -> None:
    """Parts of a long sentence end at its commas and are not too short to sound well."""
    parts = breaths(", ".join(["a fever with chills and pain"] * 8) + ".")
    assert len(parts) > 2
    assert all(part.endswith((",", ".")) for part in parts)
    assert all(10 <= len(part.split()) <= 24 for part in parts[:-1])
