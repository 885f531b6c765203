from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.adapters.doubts import load_pairs, load_soundalikes, weigh
from appliance.adapters.hearing import Ear
from appliance.rules.doubt import CLEAR, in_doubt
from appliance.rules.soundalike import (
    MOST_NAMES,
    Place,
    Rivals,
    SoundAlikes,
    Weighed,
    parse,
    rivals,
)
from appliance.stages import Utterance
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples

PAIRS = load_pairs()
NAMES = sorted({name for pair in PAIRS for name in pair})
ALIKES = load_soundalikes()
SOUND: Samples = np.ones(1600, np.int16)
ASKED = "What is the dose of {} in an adult?"


def test_the_list_is_of_distinct_pairs_of_plain_names() -> None:
    """Lower-case letters alone, no name paired with itself, no pair twice in any order."""
    assert len(PAIRS) > 150
    assert all(name.isascii() and name.isalpha() and name.islower() for name in NAMES)
    assert all(one != other for one, other in PAIRS)
    assert len({frozenset(pair) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("text", ["hydroxyzine", "a b c", "ok ok # fine\nonly # one"])
def test_a_line_that_is_no_pair_is_an_error(text: str) -> None:
    """A list that is not two names a line is not read."""
    with pytest.raises(ValueError, match="unpack"):
        parse(text)


@given(st.sampled_from(PAIRS))
def test_every_pair_is_known_from_both_its_names(pair: tuple[str, str]) -> None:
    """What one is taken for is taken for it."""
    one, other = pair
    assert other in ALIKES.others(one)
    assert one in ALIKES.others(other)


@given(st.sampled_from(NAMES))
def test_every_name_is_found_where_it_stands(name: str) -> None:
    """In any case, first of its names, which are distinct, few, and all confused with it."""
    for text in (ASKED.format(name), ASKED.format(name.capitalize())):
        (place,) = ALIKES.find(text)
        assert text[place.start : place.end].lower() == place.names[0] == name
        assert 2 <= len(set(place.names)) == len(place.names) <= MOST_NAMES
        assert set(place.names[1:]) <= set(ALIKES.others(name))
        assert place.put(text, "x") == ASKED.format("x")


@given(st.text())
def test_places_are_in_order_and_within_any_text(text: str) -> None:
    """They never overlap, so that a name can be put in one without moving those before."""
    places = ALIKES.find(text)
    edges = [edge for place in places for edge in (place.start, place.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("hydroxazine", "hydroxyzine"), ("amlodopine", "amlodipine"), ("vanplastin", "vinblastine"),
        ("ceftriaxin", "ceftriaxone"), ("clone azepam", "clonazepam"),
    ],
)  # fmt: skip
def test_a_word_that_nobody_knows_is_the_name_it_sounds_like(heard: str, name: str) -> None:
    """Misspelled or in pieces, it is weighed as that name."""
    text = ASKED.format(heard)
    (place,) = ALIKES.find(text)
    assert (text[place.start : place.end], place.names[0]) == (heard, name)


@pytest.mark.parametrize(
    "text",
    [
        "What is the dose of epinephrines for anaphylaxis?", "how do i treat a fever in a child",
        "what is the difference between hydroxyzine and hydralazine", "when is a CT scan", "",
        "what is the maximum daily dose of acetaminophen", "stop", "is ibuprofen safe in pregnancy",
    ],
)  # fmt: skip
def test_what_names_none_or_both_is_not_weighed(text: str) -> None:
    """Other drugs, plain words, and questions that compare a pair cost nothing."""
    assert ALIKES.find(text) == ()


def one(*scores: float) -> Rivals:
    return Rivals(Place(0, 1, tuple("abcd"[: len(scores)])), scores)


@given(st.floats(-300, 0), st.floats(-300, 0), st.floats(-300, 0))
def test_it_is_in_doubt_where_any_rival_comes_near(
    said: float, first: float, second: float
) -> None:
    """The heard name must be likelier than each other by the margin; the strongest is named."""
    found = in_doubt(one(said, first, second))
    assert (found is None) == (said - max(first, second) >= CLEAR)
    assert found is None or found == ("a", "b" if first >= second else "c")


@pytest.mark.parametrize("scores", [(math.nan, -9.0), (-1.0, math.nan), (math.nan, math.nan)])
def test_what_could_not_be_weighed_is_in_doubt(scores: tuple[float, ...]) -> None:
    """A score that is no number never lets a name through."""
    assert in_doubt(one(*scores)) == ("a", "b")


class Engine:
    """Hears `text`; finds every text likely by what it is told, the others hardly."""

    def __init__(self, text: str, likely: dict[str, float], *, broken: bool = False) -> None:
        self._text, self._likely, self._broken = text, likely, broken
        self.scored: list[str] = []

    def transcribe(self, samples: Samples, *, prompt: str = "") -> Transcript:
        return Transcript(self._text, 0.8)

    def score(self, samples: Samples, texts: list[str], *, prompt: str = "") -> list[float]:
        if self._broken:
            raise RuntimeError("a runtime's message")
        self.scored += texts
        return [next((s for n, s in self._likely.items() if n in t), -99.0) for t in texts]

    def close(self) -> None:
        pass


async def hear(engine: Engine) -> Transcript:
    ear = Ear(engine, SoundAlikes(PAIRS))
    try:
        return await ear.transcribe(Utterance(SOUND, 0, 1600, 0.0))
    finally:
        ear.close()


async def test_the_ear_weighs_the_whole_of_what_it_heard() -> None:
    """With the wake word where it was heard, while places are counted without it."""
    engine = Engine("Hey Jarvis, hydroxyzine dose", {"hydroxyzine": -3.0, "hydralazine": -5.0})
    heard = await hear(engine)
    assert isinstance(heard, Weighed)
    assert "Hey Jarvis, hydralazine dose" in engine.scored
    (found,) = heard.rivals
    assert heard.text[found.place.start : found.place.end] == "hydroxyzine"
    assert in_doubt(found) == ("hydroxyzine", "hydralazine")


async def test_a_question_without_such_a_name_is_not_scored() -> None:
    """Most turns pay nothing."""
    engine = Engine("how do i treat a fever", {})
    assert type(await hear(engine)) is Transcript
    assert engine.scored == []


async def test_a_recogniser_that_can_not_score_leaves_doubt() -> None:
    """What fails to be weighed is asked about, not let through."""
    heard = await hear(Engine("hydroxyzine dose", {}, broken=True))
    assert isinstance(heard, Weighed)
    assert in_doubt(heard.rivals[0]) is not None


def test_scores_go_to_their_places() -> None:
    """Of several places each has its own names' scores, in order."""
    text = "give metoprolol with hydroxyzine"
    engine = Engine(text, {"metoprolol": -1.0, "hydroxyzine": -2.0})
    heard = weigh(engine, SOUND, Transcript(text, 0.9), SoundAlikes(PAIRS))
    assert isinstance(heard, Weighed)
    assert [len(r.scores) == len(r.place.names) for r in heard.rivals] == [True, True]
    assert rivals([r.place for r in heard.rivals], [s for r in heard.rivals for s in r.scores]) == (
        heard.rivals
    )
