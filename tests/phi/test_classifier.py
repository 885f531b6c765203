"""The classifier as a recogniser: places, kinds, the operating point, and its faults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from voiceassist.contract.speech import Transcript
from voiceassist.errors import Unavailable
from voiceassist.phi.build import build_gate
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.recognisers.models import ClassifierRecogniser

Array = npt.NDArray[np.float32]


class Fixed:
    """A classifier that suspects the words it was given, each as a kind with a chance."""

    model = "fake"
    kinds = ("FREE", "NAME", "CONTACT")

    def __init__(self, suspected: dict[str, tuple[int, float]], operating_point: float) -> None:
        self.operating_point = operating_point
        self._suspected = suspected

    def classify(self, words: Sequence[str], known: Array) -> Array:
        assert known.shape[0] == len(words)
        rows = np.zeros((len(words), len(self.kinds)), dtype=np.float32)
        for at, word in enumerate(words):
            kind, chance = self._suspected.get(word, (1, 0.0))
            rows[at, 0], rows[at, kind] = 1 - chance, chance
        return rows


def test_words_side_by_side_are_one_finding() -> None:
    """Neighbours of one kind make one stretch, scored by the most suspicious of them."""
    fixed = Fixed({"zorba": (1, 0.6), "quill": (1, 0.9), "5550199": (2, 0.8)}, 0.5)
    recogniser = ClassifierRecogniser(load_lexicon(), fixed)
    text = "is zorba quill at 5550199 today"
    found = [(f.kind, text[f.start : f.end], round(f.score, 3)) for f in recogniser.find(text)]
    assert found == [("NAME", "zorba quill", 0.9), ("ID", "5550199", 0.8)]


@pytest.mark.parametrize("point", [0.1, 0.5, 0.9])
def test_the_operating_point_is_a_score_of_a_half(point: float) -> None:
    """Whatever chance the model was found to be worth believing at, the policy's 0.5 means it."""
    recogniser = ClassifierRecogniser(load_lexicon(), Fixed({"zorba": (1, point)}, point))
    assert [round(f.score, 4) for f in recogniser.find("zorba")] == [0.5]


def test_nothing_is_found_in_nothing() -> None:
    """An empty form is no work for the model."""
    assert list(ClassifierRecogniser(load_lexicon(), Fixed({}, 0.5)).find("")) == []


class Broken(Fixed):
    """Raises, or gives what is no table of chances."""

    def __init__(self, answer: object) -> None:
        super().__init__({}, 0.5)
        self._answer = answer

    def classify(self, words: Sequence[str], known: Array) -> Array:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer  # type: ignore[return-value]  # wrong on purpose


@pytest.mark.parametrize(
    "answer",
    [RuntimeError("x"), None, 7, np.zeros((1, 3)), np.full((16, 3), np.nan), np.full((16, 3), 9.0)],
)
def test_no_gate_stands_around_a_broken_classifier(answer: object) -> None:
    """Raising or talking nonsense, it fails the gate's own test, so nothing is ever cleared."""
    with pytest.raises(Unavailable, match="own test"):
        build_gate(PhiPolicy(timeout_s=20), Broken(answer))


def test_what_the_classifier_alone_suspects_is_held() -> None:
    """A name that no rule knows is held, and shown with the classifier's name."""
    text = "is it safe for quorvalind"
    policy = PhiPolicy(timeout_s=20)
    fixed = Fixed({"quorvalind": (1, 0.9)}, 0.5)
    assert not build_gate(policy, None).judge(Transcript(text, confidence=1.0)).held
    verdict = build_gate(policy, fixed).judge(Transcript(text, confidence=1.0))
    assert [(item.kind, item.by) for item in verdict.items] == [("NAME", "classifier")]


@pytest.mark.parametrize(
    ("kind", "word", "found"),
    [
        (1, "84", False), (1, "93", True), (1, "nineties", True), (1, "1350", False),
        (1, "hundred and 2nd", True),
        (2, "147/98", False), (2, "12/98", True), (2, "4/12/2019", True), (2, "441296", True),
    ],
)  # fmt: skip
def test_what_the_rule_frees_stays_free(kind: int, word: str, *, found: bool) -> None:
    """Whatever the model thinks, an age to 89 is no age that counts, a blood pressure no date."""
    fixed = Fixed(dict.fromkeys(word.split(), (kind, 0.9)), 0.5)
    fixed.kinds = ("FREE", "AGE", "DATE")
    recogniser = ClassifierRecogniser(load_lexicon(), fixed)
    assert bool(list(recogniser.find(f"it is {word} today"))) == found
