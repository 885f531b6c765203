from __future__ import annotations

import math

import pytest

from appliance.rules.offer import (
    STANDS_S,
    SURE,
    Offer,
    Pending,
    Reply,
    answered,
    put_back,
    reply_of,
)
from appliance.rules.route import Declined, Hub, Room
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared
from voiceassist.phi import gate as phi_gate

CLEARED = Cleared("what is the dose for the patient.", phi_gate._SEAL)
OFFER = Offer(CLEARED, {"the patient": "john smith"})
PENDING = Pending(OFFER, heard_at=10.0)


def said(text: str, confidence: float = 0.9, **more: float) -> Transcript:
    return Transcript(text, confidence=confidence, **more)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Yes.", Reply.YES),
        ("yes please", Reply.YES),
        ("Go ahead!", Reply.YES),
        ("Please do it.", Reply.YES),
        ("No, thank you.", Reply.NO),
        ("Don't.", Reply.NO),
        ("yes but without the age", None),
        ("no contrast for the patient", None),
        ("yes or no", None),
        ("what is the dose of yes", None),
        ("", None),
    ],
)
def test_a_reply_is_all_that_was_said(text: str, reply: Reply | None) -> None:
    """A yes or no counts where nothing else was said; a question that holds one stays one."""
    assert reply_of(text) is reply


def test_a_yes_takes_the_offer_up() -> None:
    """A sure yes in time leads to the hub with the very words that were read back."""
    route = answered(PENDING, said("yes please"), 10.0 + STANDS_S, up=True)
    assert isinstance(route, Hub)
    assert route.cleared is CLEARED
    assert route.why == "generalised"
    assert CLEARED.text.rstrip(".") in OFFER.read_back.text


@pytest.mark.parametrize(
    ("pending", "transcript", "now", "up", "why"),
    [
        (Pending(OFFER, None), said("yes"), 11.0, True, "unheard"),
        (PENDING, said("yes"), 10.1 + STANDS_S, True, "late"),
        (PENDING, said("yes"), 9.0, True, "late"),  # a clock that went back is no proof of haste
        (PENDING, said("yes", SURE - 0.01), 11.0, True, "unsure"),
        (PENDING, said("yes", math.nan), 11.0, True, "unsure"),
        (PENDING, said("yes", no_speech=0.7), 11.0, True, "unsure"),
        (PENDING, said("yes"), 11.0, False, "offline"),
        (PENDING, said("no"), 11.0, True, "declined"),
    ],
)
def test_anything_against_it_declines(
    pending: Pending,
    transcript: Transcript,
    now: float,
    up: bool,  # noqa: FBT001
    why: str,
) -> None:
    """A yes that is unheard of, late, unsure or offline asks nobody, nor does a no."""
    assert answered(pending, transcript, now, up=up) == Declined(why)


def test_without_an_offer_there_is_no_reply() -> None:
    """A yes to nothing, and a question in an offer's place, are turns like any other."""
    assert answered(None, said("yes"), 11.0, up=True) is None
    assert answered(PENDING, said("what about ibuprofen"), 11.0, up=True) is None


ROUTE = Hub(CLEARED, why="generalised", originals=OFFER.originals)


@pytest.mark.parametrize(
    ("composed", "spoken"),
    [
        ("Observe the patient for 6 hours.", "Observe john smith for 6 hours."),
        ("The patient's dose is 5 mg.", "john smith's dose is 5 mg."),
        ("Give it to the patient.", "Give it to john smith."),
        ("Ask the patient population first.", None),
        ("The patients rest.", None),
        ("If the patient is pregnant, stop.", None),
        ("Stop when the patient is dizzy.", None),
        ("Give 5 mg once a day.", None),
    ],
)
def test_the_name_is_put_back_only_where_it_says_the_same(
    composed: str, spoken: str | None
) -> None:
    """The name stands where "the patient" is this one, and not in what is said of any patient."""
    sentence = Sentence(text=composed, kind="composed")
    assert put_back(sentence, ROUTE).text == (spoken or composed)


def test_nothing_else_is_put_back() -> None:
    """The library's own words, and what another route brings, stay as they are."""
    quote = Sentence(text="Observe the patient for 6 hours.", kind="quote")
    assert put_back(quote, ROUTE) == quote
    composed = Sentence(text="Observe the patient for 6 hours.", kind="composed")
    assert put_back(composed, Room("q", "held")) == composed
    assert put_back(composed, Hub(CLEARED)) == composed


def test_nobodys_words_are_shown() -> None:
    """Neither the offer nor the route shows the question or the name when it is logged."""
    told = repr((OFFER, PENDING, ROUTE))
    assert "john" not in told
    assert "dose" not in told
