"""What the gate promises whatever its recognisers do (law 1)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import pytest

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Item
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy

PLAIN = "what is the dose of amoxicillin for otitis media"


class Finds:
    """A finder that gives what it was made with."""

    def __init__(self, *items: Item) -> None:
        self._items = items

    def items(self, text: str) -> Iterable[Item]:
        return self._items


class Raises:
    def items(self, text: str) -> Iterator[Item]:
        raise RuntimeError(text)


class Hangs:
    def __init__(self) -> None:
        self.release = threading.Event()

    def items(self, text: str) -> Iterable[Item]:
        self.release.wait(30)
        return ()


def heard(text: str = PLAIN, **values: float) -> Transcript:
    return Transcript(text, **{"confidence": 0.9, **values})


def test_clears_what_nobody_objects_to() -> None:
    """A query in which no recogniser finds anything is cleared, with its own words."""
    verdict = Gate(PhiPolicy(), Finds(), Finds()).judge(heard())
    assert isinstance(verdict, Cleared)
    assert verdict.text == PLAIN


@pytest.mark.parametrize("spoken", [False, True])
def test_holds_on_the_union_of_both_forms(spoken: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """An item that only one of the two forms shows is enough."""
    one, none = Finds(Item("NAME", 0, 4, 0.9, "x")), Finds()
    gate = Gate(PhiPolicy(), none, one) if spoken else Gate(PhiPolicy(), one, none)
    verdict = gate.judge(heard())
    assert isinstance(verdict, Held)
    assert verdict.reasons == ("items",)


def test_reports_items_at_places_in_the_heard_text() -> None:
    """An item of the canonical form is reported where it was heard."""
    text = "her mrn is four four one two"
    spoken = Finds(Item("MRN", len("her mrn is "), len("her mrn is 4412"), 0.9, "x"))
    item = Gate(PhiPolicy(), Finds(), spoken).judge(heard(text)).items[0]
    assert text[item.start : item.end] == "four four one two"


@pytest.mark.parametrize("broken", [Raises(), Finds(*[None])], ids=["raises", "nonsense"])  # type: ignore[arg-type]  # nonsense on purpose
def test_holds_when_a_finder_fails(broken: Gate) -> None:
    """Whatever a recogniser raises or makes up, the query stays."""
    for gate in (
        Gate(PhiPolicy(), broken, Finds()),  # type: ignore[arg-type]  # a fake
        Gate(PhiPolicy(), Finds(), broken),  # type: ignore[arg-type]  # a fake
    ):
        verdict = gate.judge(heard())
        assert verdict.held
        assert "error" in verdict.reasons


def test_a_hung_finder_holds_and_never_hangs_the_turn() -> None:
    """Every turn comes back held, also once many recognisers hang, and a freed gate works."""
    stuck = Hangs()
    gate = Gate(PhiPolicy(timeout_s=0.02), stuck, Finds())
    verdicts = [gate.judge(heard()) for _ in range(8)]
    assert all("time_out" in verdict.reasons for verdict in verdicts)
    stuck.release.set()
    patient = Gate(PhiPolicy(timeout_s=5), stuck, Finds())
    assert not patient.judge(heard()).held


@pytest.mark.parametrize(
    ("transcript", "reason"),
    [
        (heard(""), "empty"),
        (heard(" ... "), "empty"),
        (heard(confidence=0.1), "low_confidence"),
        (heard(confidence=float("nan")), "low_confidence"),
        (heard(no_speech=0.9), "no_speech"),
        (Transcript(PLAIN, 0.9, language="de"), "language"),
        (heard("welche dosis von amoxicillin braucht ein kind bei otitis"), "language"),
        (heard("dose of " * 400), "too_long"),
        (heard("dose" * 25_000), "too_long"),
        (heard("what is the dose\u200b of it"), "characters"),
        (heard("what is the d\u043ese of it"), "characters"),
        (heard("what is the dose\x00 of it"), "characters"),
        (heard("what is \U0001d41dose"), "characters"),
        (heard("caf\udce9 dose"), "characters"),
    ],
)
def test_holds_what_is_amiss_as_a_whole(transcript: Transcript, reason: str) -> None:
    """Doubt about the text itself holds, whatever the recognisers say."""
    verdict = Gate(PhiPolicy(), Finds(), Finds()).judge(transcript)
    assert verdict.held
    assert reason in verdict.reasons


@pytest.mark.parametrize(
    "text", ["and what about her sister", "what should he take", "so is it safe in pregnancy"]
)
def test_a_follow_up_to_a_held_turn_is_held(text: str) -> None:
    """What refers back to a held turn shares its fate; after a cleared one it is free."""
    gate = Gate(PhiPolicy(), Finds(), Finds())
    cleared = gate.judge(heard())
    assert gate.judge(heard(text), previous=Held("x", reasons=("items",))).reasons == ("follow_up",)
    assert not gate.judge(heard(text), previous=cleared).held


def test_what_is_no_transcript_is_held() -> None:
    """Even a caller's mistake comes back as a verdict."""
    for wrong in (None, Transcript(None, 0.9), Transcript(b"dose", 0.9)):  # type: ignore[arg-type]  # wrong on purpose
        assert Gate(PhiPolicy(), Finds(), Finds()).judge(wrong).held  # type: ignore[arg-type]  # wrong on purpose


def test_thresholds_and_lists_free_an_item() -> None:
    """Below its threshold or on the allow list an item is free; an unknown kind never is."""
    weak = Finds(Item("NAME", 0, 4, 0.4, "x"))
    assert not Gate(PhiPolicy(), weak, Finds()).judge(heard()).held
    strong = Finds(Item("NAME", 0, 4, 0.9, "x"))
    assert not Gate(PhiPolicy(), strong, Finds(), {"what"}.__contains__).judge(heard()).held
    assert Gate(PhiPolicy(), Finds(Item("NEW", 0, 4, 0.1, "x")), Finds()).judge(heard()).held


def test_no_words_in_reprs() -> None:
    """A logged verdict or transcript shows nobody's words."""
    transcript = heard("my patient john smith")
    verdict = Gate(PhiPolicy(), Finds(Item("NAME", 11, 21, 0.9, "x")), Finds()).judge(transcript)
    assert "john" not in repr(verdict) + repr(transcript)
