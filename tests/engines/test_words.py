"""The classifier of words: probabilities, windows, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from voiceassist.engines.ports import WordClassifier
from voiceassist.engines.registry import Engines
from voiceassist.engines.words import _MOST_PIECES, _windows
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lexicon.features import features


@pytest.fixture(scope="module")
def classifier(engines: Engines) -> WordClassifier:
    return engines.phi_classifier()


def suspicion(classifier: WordClassifier, text: str) -> dict[str, float]:
    words = text.split()
    chances = classifier.classify(words, features(words, load_lexicon()))
    return {word: 1 - float(row[0]) for word, row in zip(words, chances, strict=True)}


@pytest.mark.weights
def test_each_word_gets_chances_that_add_up(classifier: WordClassifier) -> None:
    """A row for each word, each a distribution over the kinds; no words, no rows."""
    words = ["what", "is", "the", "dose", "for", "okonkwo"]
    chances = classifier.classify(words, features(words, load_lexicon()))
    assert chances.shape == (len(words), len(classifier.kinds))
    assert np.allclose(chances.sum(axis=1), 1.0, atol=1e-4)
    assert classifier.classify([], features([], load_lexicon())).shape == (0, len(classifier.kinds))


@pytest.mark.weights
def test_a_stranger_stands_out_and_an_eponym_does_not(classifier: WordClassifier) -> None:
    """The same unknown surname is suspicious as a patient and free in the name of a disease."""
    point = classifier.operating_point
    patient = suspicion(classifier, "is warfarin safe for my patient mrs vandermolen seen recently")
    disease = suspicion(classifier, "what are the symptoms of vandermolen syndrome")
    assert patient["vandermolen"] > point > disease["vandermolen"]


@pytest.mark.weights
def test_the_last_words_of_a_long_text_are_read(classifier: WordClassifier) -> None:
    """A name beyond one window of the network is found."""
    long = "the dose is given twice a day " * 80 + "for my patient named margaret okonkwo"
    assert suspicion(classifier, long)["okonkwo"] > classifier.operating_point


@pytest.mark.weights
def test_threads_do_not_meet(classifier: WordClassifier) -> None:
    """Calls from several threads give what one thread gets."""
    texts = ["my patient john smith has a fever", "what is marfan syndrome", "call her at 5550199"]
    wanted = [suspicion(classifier, text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: suspicion(classifier, text), texts * 4))
    for index, one in enumerate(found):
        assert one == pytest.approx(wanted[index % len(texts)], abs=1e-4)


@pytest.mark.parametrize("sizes", [[], [1], [1] * 1000, [300], [5, 300, 5], [250, 250, 250, 1]])
def test_windows_hold_every_word_and_fit(sizes: list[int]) -> None:
    """Every word is in a window, none is left out between two, and none is over-full."""
    pieces = [[0] * size for size in sizes]
    windows = list(_windows(pieces))
    assert {at for start, end in windows for at in range(start, end)} == set(range(len(sizes)))
    assert all(end - start == 1 or sum(sizes[start:end]) <= _MOST_PIECES for start, end in windows)
