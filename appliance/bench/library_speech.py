"""The library through speech: questions spoken by the board's voice and heard by its ear.

What is found with the words as they are written is compared with what is found with the words
as they were heard. Segmentation is not part of it, as in `phi_speech`.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from appliance.bench.acoustics import RATE
from appliance.bench.measure import word_error_rate
from appliance.bench.phi_speech import Hearing, speak
from appliance.stages import Utterance
from voiceassist.contract.knowledge import Passage
from voiceassist.engines.ports import TextToSpeech
from voiceassist.errors import BadInput
from voiceassist.knowledge.answers.answer import answer
from voiceassist.knowledge.documents.reader import slug

_FIRST = 3


class Shelf(Protocol):
    """The library."""

    def find(self, query: str) -> Sequence[Passage]:
        """The best passages, the best first."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the document that answers it."""

    text: str = field(repr=False)
    document: str


def draw(path: Path, count: int, seed: int) -> list[Question]:
    """So many rows `{question, file}` of a JSONL file; raises `BadInput`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if row["file"]]
        every = [Question(row["question"], slug(row["file"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: no JSON lines of question and file; give such a file") from error
    chance = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    return chance.sample(every, min(count, len(every)))


def hear(questions: Iterable[Question], voice: TextToSpeech, ear: Hearing) -> Iterator[str]:
    """What the ear made of each question."""
    for number, one in enumerate(questions):
        samples = speak(one.text, voice, number)
        utterance = Utterance(samples, 0, len(samples), len(samples) / RATE)
        yield asyncio.run(ear.transcribe(utterance)).text


def compare(shelf: Shelf, questions: Sequence[Question], heard: Sequence[str]) -> dict[str, Any]:
    """Hits and quotations with the words as written and as heard; shares of the questions."""
    pairs = [(one.text, words) for one, words in zip(questions, heard, strict=True)]
    return {
        "questions": len(pairs),
        "word_error_rate": word_error_rate(pairs),
        "written": _measured(shelf, questions, [one.text for one in questions]),
        "heard": _measured(shelf, questions, heard),
    }


def _measured(shelf: Shelf, questions: Sequence[Question], said: Sequence[str]) -> dict[str, float]:
    hits, right, refused = 0, 0, 0
    for one, words in zip(questions, said, strict=True):
        passages = shelf.find(words)
        hits += one.document in list(dict.fromkeys(p.document for p in passages))[:_FIRST]
        answered = answer(words, passages)
        refused += not answered.found
        right += answered.found and answered.sources[0].document == one.document
    total = len(questions) or 1
    answered_count = len(questions) - refused or 1
    return {
        "hit_at_3": round(hits / total, 4),
        "quoted_from_right_document": round(right / answered_count, 4),
        "refused": round(refused / total, 4),
    }
