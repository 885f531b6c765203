"""What the room's gate holds and frees: rules and spaCy together, no weights."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.phi.build import build_gate, build_second_judge
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.recognisers.ages import AgeRecogniser
from voiceassist.phi.recognisers.contact import ContactRecogniser
from voiceassist.phi.recognisers.dates import DateRecogniser
from voiceassist.phi.recognisers.ids import IdRecogniser
from voiceassist.phi.recognisers.models import EntityRecogniser
from voiceassist.phi.recognisers.names import NameRecogniser
from voiceassist.phi.recognisers.places import PlaceRecogniser
from voiceassist.phi.recognisers.site import SiteRecogniser

Judge = Callable[[str], Verdict]

HELD = [
    "my patient john smith born march third nineteen fifty two has a fever",
    "My patient, John Smith, born March 3rd, 1952, has a fever.",
    "m r n four four one two nine six needs a repeat potassium",
    "MRN 441296 needs a repeat potassium.",
    "call maria gonzalez at five five five oh one two three four about her lisinopril",
    "mrs okafor in room twelve is ninety three years old can she have ibuprofen",
    "the patient from forty two maple street in springfield missed her april twelfth visit",
    "the patient from 42 Maple Street in Springfield missed her April 12th visit.",
    "she is ninety four years old can she take apixaban",
    "he was seen at mercy general hospital with a fever",
    "is it safe for the mayor's daughter to take isotretinoin",
    "her email is j dot smith at example dot com",
    "patient spelled o k a f o r needs a refill",
    "her sister anna has lupus what should she be screened for",
    "he was admitted on the third of june with sepsis",
    "his date of birth is oh three slash twelve slash fifty two",
]
FREE = [
    "what is a foley catheter used for in parkinson's disease",
    "what are the symptoms of lupus nephritis",
    "does clarithromycin interact with simvastatin",
    "how do i adjust enoxaparin for a creatinine clearance of twenty five",
    "what is the first line treatment for bell's palsy",
    "what is dandy walker syndrome",
    "a sixty five year old man with a history of crohn's disease diagnosed in twenty nineteen",
    "amoxicillin five hundred milligrams three times a day for seven days",
    "is gastric cancer different in korea and the united states",
    "what is the weather tomorrow",
    "who won the football game last night",
    "stop",
    "repeat that please",
    "is warfarin safer than apixaban in patients in texas",
    "what causes one q twenty one point one microdeletion",
]

BEFORE = ["so", "please", "the dose", "in adults", "quickly"]
AFTER = ["today", "please", "with warfarin", "and disease", "in children", "thank you"]


@pytest.mark.parametrize("text", HELD)
def test_holds(judge: Judge, text: str) -> None:
    """What names a patient stays, spoken or as Whisper writes it."""
    verdict = judge(text)
    assert verdict.held
    assert all(0 <= item.start < item.end <= len(text) for item in verdict.items)


@pytest.mark.parametrize("text", FREE)
def test_frees(judge: Judge, text: str) -> None:
    """Eponyms, doses, years, ages to 89, states and durations are free."""
    assert [item.kind for item in judge(text).items] == []
    assert not judge(text).held


def test_the_mark_is_on_the_words(judge: Judge) -> None:
    """Items point at what was said, not at a form of it."""
    text = "please note m r n four four one two nine six today"
    marked = {text[item.start : item.end] for item in judge(text).items}
    assert "four four one two nine six" in marked


@pytest.mark.slow
@given(
    text=st.sampled_from(HELD),
    before=st.lists(
        st.sampled_from(["so", "please", "the dose", "in adults", "quickly"]), max_size=4
    ),
    after=st.lists(
        st.sampled_from(
            ["today", "please", "with warfarin", "and disease", "in children", "thank you"]
        ),
        max_size=4,
    ),
)
@settings(max_examples=60, deadline=None)
def test_adding_words_never_frees(
    judge: Judge, text: str, before: list[str], after: list[str]
) -> None:
    """Words around a held query leave it held."""
    assert judge(" ".join([*before, text, *after])).held


@pytest.mark.slow
@given(
    text=st.sampled_from([*HELD, *FREE]),
    change=st.sampled_from([str.upper, str.lower, str.title, str.capitalize]),
    mark=st.sampled_from(["", ".", "?", "!", ","]),
)
@settings(max_examples=80, deadline=None)
def test_case_and_punctuation_do_not_matter(
    judge: Judge, text: str, change: Callable[[str], str], mark: str
) -> None:
    """How speech recognition styles a sentence changes no verdict."""
    assert judge(change(text) + mark).held == judge(text).held


RULES = [
    AgeRecogniser, ContactRecogniser, DateRecogniser, IdRecogniser, NameRecogniser,
    PlaceRecogniser, SiteRecogniser,
]  # fmt: skip


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("fault", ["raises", "nonsense", "nothing"])
def test_a_broken_recogniser_holds(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, kind: type, fault: str
) -> None:
    """Any one that raises, or gives what is no finding, keeps every query in the room."""

    def broken(*_: object, **__: object) -> object:
        if fault == "raises":
            raise RuntimeError
        return ["nonsense"] if fault == "nonsense" else None

    monkeypatch.setattr(kind, "analyze", broken)
    verdict = gate.judge(Transcript(FREE[0], confidence=1.0))
    assert verdict.held
    assert verdict.reasons == ("error",)


@pytest.mark.parametrize("answer", [RuntimeError("x"), None, ["nonsense"]])
def test_a_broken_pipeline_holds_at_the_hub(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    """What only the second judge reads, the entities of spaCy, is no exception."""
    judge = build_second_judge(PhiPolicy(timeout_s=20), None)

    def broken(*_: object, **__: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(EntityRecogniser, "analyze", broken)
    assert judge.judge(Transcript(FREE[0], confidence=1.0)).reasons == ("error",)


@pytest.mark.parametrize("kind", RULES)
def test_a_hung_recogniser_holds(gate: Gate, monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Any one that hangs: the turn comes back, held."""
    release = threading.Event()
    monkeypatch.setattr(kind, "analyze", lambda *_, **__: release.wait(30) or [])
    hasty = Gate(PhiPolicy(timeout_s=0.3), gate._heard, gate._spoken)
    verdict = hasty.judge(Transcript(FREE[0], confidence=1.0))
    release.set()
    assert verdict.held
    assert "time_out" in verdict.reasons


class Tags:
    """A tagger that gives what it was made with."""

    def __init__(self, spans: object) -> None:
        self.model = "fake"
        self._spans = spans

    def tag(self, text: str) -> object:
        if isinstance(self._spans, Exception):
            raise self._spans
        return self._spans


@pytest.mark.parametrize("spans", [RuntimeError("x"), None, ["nonsense"], 7])
def test_a_broken_tagger_holds(spans: object) -> None:
    """The learned tagger is no exception: the gate can't even be built around a broken one."""
    with pytest.raises(Exception, match="finds nothing"):
        build_second_judge(PhiPolicy(timeout_s=20), Tags(spans))  # type: ignore[arg-type]  # wrong on purpose


def test_the_second_judge_is_stricter() -> None:
    """It holds a town without a person, which the room frees."""
    text = "which clinics near pittsburgh treat lupus"
    policy = PhiPolicy(timeout_s=20)
    assert not build_gate(policy, None).judge(Transcript(text, 1.0)).held
    assert build_second_judge(policy, None).judge(Transcript(text, 1.0)).held


def test_drug_names_are_free() -> None:
    """A formulary's name that is a person's, too, does not hold."""
    text = "can a patient take okafor"
    held, free = PhiPolicy(timeout_s=20), PhiPolicy(timeout_s=20, drug_names=("Okafor",))
    assert build_gate(held, None).judge(Transcript("patient okafor", 1.0)).held
    assert not build_gate(free, None).judge(Transcript(text, 1.0)).held


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("my patient okafor syndrome has a fever", True),
        ("her last name is petrov syndrome", True),
        ("patient named castellano disease", True),
        ("does the patient with marfan syndrome need an echo", False),
        ("my patient hodgkin lymphoma stage two", False),
        ("can she switch from dupixent to bactrim without a washout", False),
        ("born in peru is her skin test reliable", False),
        ("heart rate in the nineties adjust the dose", False),
        ("max daily dose of acetaminophen", False),
    ],
)
def test_what_a_neighbour_makes_of_a_word(judge: Judge, text: str, *, held: bool) -> None:
    """A head word makes an eponym of a surname, not of a patient's; a medicine is no town."""
    assert judge(text).held == held
