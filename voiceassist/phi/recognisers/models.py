"""Learned detectors in Presidio's frame: spaCy's entities, the ONNX tagger, the classifier."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from voiceassist.engines.ports import PhiTagger, WordClassifier
from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.lexicon.features import features
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import Finding, Recogniser, words_of

_HEAD_WINDOW = 3
_PRESSURE = re.compile(r"\b(\d{2,3})/\d{2,3}\b")
_OVER_AGE, _OLDEST, _LAST_DAY = 90, 129, 31


class _Learned(Recogniser):
    """Drops what a learned detector takes for a name although the lexicon knows better."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def _plausible(self, text: str, found: Finding) -> bool:
        words = words_of(text[found.start : found.end])
        after = words_of(text[found.end :])[:_HEAD_WINDOW]
        if any(word.text in v.HEADS for word in (*words, *after)):
            return False
        known = WordKind.COMMON | WordKind.MEDICAL | WordKind.EPONYM | WordKind.STATE
        names = WordKind.TOP_GIVEN | WordKind.GIVEN | WordKind.SURNAME | WordKind.PLACE
        bits = [self._lexicon.bits(word.text) for word in words if word.text not in v.STOPS]
        if len(bits) > 1 and all(b & names for b in bits):
            return True
        return any(b & names and not b & known for b in bits)


class EntityRecogniser(_Learned):
    """The people and places that spaCy's pipeline sees."""

    kinds = ("NAME", "LOCATION")
    label = "spacy"

    _KINDS: Mapping[str, str] = {"PERSON": "NAME", "GPE": "LOCATION", "FAC": "LOCATION"}

    def find(self, text: str) -> Iterator[Finding]:  # noqa: ARG002 - see analyze
        """Nothing from text alone: the entities come with Presidio's artifacts."""
        yield from ()

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The plausible ones of spaCy's entities."""
        del entities
        if nlp_artifacts is None:
            return []
        spans: Sequence[Any] = nlp_artifacts.entities
        found = [
            Finding(self._KINDS[span.label_], span.start_char, span.end_char, 0.7)
            for span in spans
            if span.label_ in self._KINDS
        ]
        return self._results(f for f in found if self._plausible(text, f))


class TaggerRecogniser(_Learned):
    """The ONNX tagger's spans, in the gate's kinds."""

    label = "tagger"
    _KINDS: Mapping[str, str] = {
        "GIVENNAME": "NAME", "GIVEN_NAME": "NAME", "SURNAME": "NAME", "FIRSTNAME": "NAME",
        "LASTNAME": "NAME", "NAME": "NAME", "CITY": "LOCATION", "STREET": "ADDRESS",
        "STREET_NAME": "ADDRESS", "EMAIL": "EMAIL", "PHONE": "PHONE", "URL": "URL", "IP": "IP",
    }  # fmt: skip
    kinds = ("NAME", "LOCATION", "ADDRESS", "EMAIL", "PHONE", "URL", "IP")

    def __init__(self, lexicon: Lexicon, tagger: PhiTagger) -> None:
        super().__init__(lexicon)
        self._tagger = tagger

    def find(self, text: str) -> Iterator[Finding]:
        """The tagger's plausible spans."""
        for span in self._tagger.tag(text):
            kind = self._KINDS.get(span.kind.upper())
            if kind is None:
                continue
            found = Finding(kind, span.start, span.end, float(span.score))
            if kind not in {"NAME", "LOCATION", "ADDRESS"} or self._plausible(text, found):
                yield found


class ClassifierRecogniser(Recogniser):
    """The classifier trained on clinicians' sentences (models/phi_classifier).

    It reads the canonical form word by word, and beside each word what the lexicon knows of it:
    a name that no list knows is still one where a name would stand. Scores are bent so that the
    model's operating point is 0.5.
    """

    kinds = ("NAME", "LOCATION", "DATE", "AGE", "ID")
    label = "classifier"
    _KINDS: Mapping[str, str] = {"CONTACT": "ID"}
    _LEAST = 0.02

    def __init__(self, lexicon: Lexicon, classifier: WordClassifier) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._classifier = classifier
        point = classifier.operating_point
        self._bend = point / (1 - point)

    def find(self, text: str) -> Iterator[Finding]:
        """Stretches of words that the classifier takes for one identifier."""
        words = text.split(" ")
        if not any(words):
            return
        chances = self._classifier.classify(words, features(words, self._lexicon))
        kinds = self._classifier.kinds
        marked, start = [], 0
        for word, row in zip(words, chances, strict=True):
            free = float(row[0])
            score = (1 - free) / (1 - free + self._bend * free) if free < 1 else 0.0
            kind = kinds[1 + int(row[1:].argmax())] if score >= self._LEAST and word else ""
            marked.append((self._KINDS.get(kind, kind), start, start + len(word), score))
            start += len(word) + 1
        for kind, stretch in groupby(marked, key=lambda one: one[0]):
            parts = list(stretch)
            start, end = parts[0][1], parts[-1][2]
            if kind and not _free_number(kind, text[start:end]):
                yield Finding(kind, start, end, max(part[3] for part in parts))


def _free_number(kind: str, found: str) -> bool:
    """What the rule frees whatever a model thinks: ages to 89, and a pressure like "147/98"."""
    if kind == "AGE":
        numbers = [int(number) for number in re.findall(r"\d+", found)]
        old = "hundred" in found or any(_OVER_AGE <= number <= _OLDEST for number in numbers)
        return bool(numbers) and not old
    pressures = _PRESSURE.sub(lambda m: "" if int(m[1]) > _LAST_DAY else m[0], found)
    return kind in {"DATE", "ID"} and not re.search(r"\w", pressures.replace(" to ", ""))
