"""Whether a model's answer is worth waiting for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.engines.ports import Speed
from voiceassist.knowledge.answers.answer import strong_ones
from voiceassist.knowledge.answers.quoting import candidates
from voiceassist.knowledge.text.queries import content_words

_WORDS_PER_S = 2.6  # as the default voice reads quotations
_READ = 3  # passages
_SENTENCE_TOKENS = 30  # the first sentence must be whole before it can be checked


def evidence(query: str, passages: Sequence[Passage], limit: int) -> tuple[Source, ...]:
    """The up to `limit` sentences of strong passages that answer best, the best first."""
    strong = strong_ones(query, passages)[:_READ]
    found = [one for passage in strong for one in candidates(query, passage) if one.score > 0]
    best = sorted(found, key=lambda one: -one.score)[:limit]
    return tuple(dict.fromkeys(one.source() for one in best))


def speaking_seconds(sentences: Sequence[Sentence]) -> float:
    """How long `sentences` take to say, about."""
    return sum(len(sentence.text.split()) for sentence in sentences) / _WORDS_PER_S


def worth_composing(speed: Speed, prompt_tokens: int, quotation_s: float) -> bool:
    """Whether this board has a first sentence ready before the quotation has been spoken."""
    if speed.prompt <= 0 or speed.generation <= 0:
        return False
    return prompt_tokens / speed.prompt + _SENTENCE_TOKENS / speed.generation <= quotation_s


def adds_something(text: str, said: Sequence[Sentence]) -> bool:
    """Whether `text` holds a content word that none of `said` does."""
    known = {word for sentence in said for word in content_words(sentence.text)}
    return not set(content_words(text)) <= known
