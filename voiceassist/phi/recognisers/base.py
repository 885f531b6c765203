"""What our recognisers share: Presidio's frame around a function from text to findings."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from voiceassist.phi.tokens import plain

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch `[start, end)` of the text that may identify a person; `score` 0 to 1."""

    kind: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text: `text` in lower case without punctuation at its ends."""

    text: str = field(repr=False)
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words of a text, hyphens and punctuation between them."""
    return [
        Word(plain(found.group().replace("\u2019", "'")), *found.span())
        for found in _WORD.finditer(text)
    ]


class Recogniser(EntityRecognizer):
    """One of ours: give it `kinds` and `find`, and Presidio runs it."""

    kinds: tuple[str, ...] = ()
    label = ""

    def __init__(self) -> None:
        super().__init__(supported_entities=list(self.kinds), name=self.label)

    def load(self) -> None:
        """Nothing to load: rules and the lexicon are ready."""

    @abstractmethod
    def find(self, text: str) -> Iterable[Finding]:
        """What in `text` may identify a person. Pure."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - Presidio's signature; the gate wants all kinds
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002 - (likewise)
    ) -> list[RecognizerResult]:
        """Presidio's entry: `find` in Presidio's own form."""
        return self._results(self.find(text))

    def _results(self, found: Iterable[Finding]) -> list[RecognizerResult]:
        return [
            RecognizerResult(f.kind, f.start, f.end, f.score, recognition_metadata=self._metadata())
            for f in found
        ]

    def _metadata(self) -> dict[str, str]:
        return {
            RecognizerResult.RECOGNIZER_NAME_KEY: self.label,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
        }


def findings(
    pattern: re.Pattern[str], text: str, kind: str, score: float, group: int | str = 0
) -> Iterator[Finding]:
    """A finding for each match of `pattern`, at the place of its `group`."""
    for found in pattern.finditer(text):
        start, end = found.span(group)
        if end > start:
            yield Finding(kind, start, end, score)
