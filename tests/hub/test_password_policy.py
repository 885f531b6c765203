from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth.passwords import assess

WHO = {"email": "dana@clinic.example", "name": "Dana Okafor"}


def _codes(password: str, *, kinds: bool = False) -> set[str]:
    return {code for code, _ in assess(password, **WHO, kinds=kinds).reasons}


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Sh0rt!", "too_short"),
        ("x" * 129, "too_long"),
        ("Password1234", "common"),
        ("qwertyuiop12", "common"),
        ("abcdefghijkl", "sequence"),
        ("987654321098", "sequence"),
        ("aaaaaaaaaaaa", "repeats"),
        ("okafor-walks-home", "own_name"),
        ("Clinic.Example.1", "own_name"),
        ("My-VoiceAssist-9", "own_name"),
        ("password password", "weak"),
    ],
)
def test_each_fault_is_named(password: str, code: str) -> None:
    """A person learns what is wrong, each reason with words that help."""
    assert code in _codes(password)
    assert all(len(line) > 20 for _, line in assess(password, **WHO).reasons)


@pytest.mark.parametrize(
    "password",
    [
        "four quiet green words",
        "kX9#vQ2!mL5p",
        "correct horse battery staple",
        "zehn blaue Türen im Regen",
        "кот спит на тёплой крыше",
        "a" + "bq7-" * 31,
    ],
)
def test_a_good_password_passes_whatever_its_signs(password: str) -> None:
    """Length and rarity count: words, symbols and other scripts are all welcome."""
    judged = assess(password, **WHO)
    assert judged.good, judged.reasons
    assert judged.strength >= 60


def test_kinds_of_signs_are_asked_for_only_where_the_site_says() -> None:
    """The site's option wants an upper-case and a lower-case letter, a digit, and another sign."""
    assert not _codes("four quiet green words")
    assert _codes("four quiet green words", kinds=True) == {"no_upper", "no_digit"}
    assert _codes("fourquietgreenwords", kinds=True) == {"no_upper", "no_digit", "no_special"}
    assert _codes("FOUR QUIET 5 WORDS!", kinds=True) == {"no_lower"}
    assert not _codes("Four quiet 5 words!", kinds=True)


def test_a_longer_phrase_is_never_weaker() -> None:
    """Adding a word raises the strength."""
    one, two = assess("brisk copper lanterns", **WHO), assess("nine brisk copper lanterns", **WHO)
    assert one.strength <= two.strength


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_text_is_judged_and_soon(password: str, email: str, name: str) -> None:
    """Nothing that may be typed fails or takes long, and what is judged good has a length."""
    began = time.perf_counter()
    judged = assess(password, email=email, name=name)
    assert 0 <= judged.strength <= 100
    assert not judged.good or 12 <= len(password) <= 128
    assert time.perf_counter() - began < 5
