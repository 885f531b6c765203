"""Learned detectors in Presidio's frame: spaCy's entities and the ONNX tagger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from voiceassist.engines.ports import PhiTagger
from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import Finding, Recogniser, words_of
from voiceassist.phi.recognisers.context import about_a_person

_HEAD_WINDOW = 3


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

    def __init__(self, lexicon: Lexicon, *, strict: bool = False) -> None:
        super().__init__(lexicon)
        self._strict = strict

    _KINDS: Mapping[str, str] = {"PERSON": "NAME", "GPE": "LOCATION", "FAC": "LOCATION"}

    def find(self, text: str) -> Iterator[Finding]:  # noqa: ARG002 - see analyze
        """Nothing from text alone: the entities come with Presidio's artifacts."""
        yield from ()

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The plausible ones of spaCy's entities, in a text about a person."""
        del entities
        if nlp_artifacts is None or not (self._strict or about_a_person(text)):
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
        """The tagger's plausible spans, where a person is spoken of: else rules suffice."""
        if not about_a_person(text):
            return
        for span in self._tagger.tag(text):
            kind = self._KINDS.get(span.kind.upper())
            if kind is None:
                continue
            found = Finding(kind, span.start, span.end, float(span.score))
            if kind not in {"NAME", "LOCATION", "ADDRESS"} or self._plausible(text, found):
                yield found
