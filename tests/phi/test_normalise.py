"""The canonical form: what is said becomes what is written, and every place is kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceassist.phi.normalise import normalise

WORDS = [
    "patient", "john", "smith", "mrn", "m", "r", "n", "em", "are", "en", "four", "oh", "double",
    "two", "twenty", "third", "march", "of", "nineteen", "fifty", "hundred", "and", "at", "dot",
    "com", "example", "point", "slash", "dash", "a", "72yo", "April 3rd,", "12/03/1952", "KP-2345",
    "j.smith@example.com", "José's", "um", "w.", "555-1234", "?", "sierra", "mike", "india",
]  # fmt: skip


@pytest.mark.parametrize(
    ("heard", "canonical"),
    [
        ("m r n four four one two nine six", "mrn 441296"),
        ("MRN: 441296.", "mrn 441296"),
        ("em are en double four one", "mrn 441"),
        ("april twelfth twenty twenty three", "april 12th 2023"),
        ("born march third nineteen fifty two", "born march 3rd 1952"),
        ("the third of march", "the 3rd of march"),
        ("may five two thousand nineteen", "may 5 2019"),
        ("five five five oh one two three four", "55501234"),
        ("j smith at example dot com", "j smith@example.com"),
        ("michael dot b at example dot com", "michael.b@example.com"),
        ("one nine two point one six eight point one point one", "192.168.1.1"),
        ("license plate seven k x t four two one", "license plate 7kxt421"),
        ("sierra mike india tango hotel", "smith"),
        ("b r o u double s a r d", "broussard"),
        ("b as in boy o as in oscar", "bo"),
        ("ninety three years old", "93 years old"),
        ("two hundred and five milligrams", "205 milligrams"),
        ("what are you um doing", "what are you doing"),
        ("s g l t two inhibitors", "sglt2 inhibitors"),
        ("January 5, 2024. A 72yo male", "january 5 2024 a 72 yo male"),
        ("", ""),
    ],
)
def test_said_becomes_written(heard: str, canonical: str) -> None:
    """Each spoken form comes out as it would be written."""
    assert normalise(heard).text == canonical


texts = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))


@given(texts)
@settings(max_examples=400, deadline=None)
def test_every_place_is_in_the_heard_text_and_in_order(heard: str) -> None:
    """Any stretch of the canonical form maps into the heard text, start before end, in order."""
    form = normalise(heard)
    places = [form.place(s, s + len(t.text)) for s, t in zip(form.starts, form.tokens, strict=True)]
    assert all(0 <= start < end <= len(heard) for start, end in places)
    assert all(a[1] <= b[0] for a, b in pairwise(places))
    assert form.text == " ".join(token.text for token in form.tokens)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=15).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_case_does_not_change_the_form(heard: str) -> None:
    """Upper and lower case give one canonical form."""
    assert normalise(heard.upper()).text == normalise(heard.lower()).text


@given(st.text(alphabet="oh double one 1,.-/@:dot\u00e9\u2019", max_size=60))
@settings(max_examples=300, deadline=None)
def test_odd_text_neither_crashes_nor_grows(heard: str) -> None:
    """Whatever comes, there is a form of it."""
    assert len(normalise(heard).tokens) <= len(heard)
