"""The PHI gate through speech: rows are spoken by the board's voice and heard by its ear.

What a row says is compared with what is left of it after both: what is held, and what is held
needlessly. Segmentation is not part of it: the ear gets the words with a little air around them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from rich.table import Table

from appliance.adapters.judging import Judge
from appliance.adapters.resample import Audio, resample
from appliance.bench.acoustics import RATE, ROOM_DB, noise, pcm, silence, trimmed
from appliance.bench.measure import word_error_rate, words
from appliance.stages import Utterance
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.engines.ports import Samples, TextToSpeech
from voiceassist.phi.labelled import Labelled

_AIR_S = 0.2  # what the segmenter leaves around the words
NOT_MEASURABLE = (
    "what speech recognition wrote has no marked places, so whether it is held for the right "
    "reason can't be told"
)


class Hearing(Protocol):
    """The room's ear."""

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """The words, without the wake word."""


@dataclass(frozen=True, slots=True)
class Twice:
    """A row's verdict as it stands, and as it was heard."""

    row: Labelled
    text: Verdict
    speech: Verdict
    heard: str = field(repr=False)


def draw(rows: Sequence[Labelled], count: int, seed: int) -> list[Labelled]:
    """So many rows with PHI, and so many without, evenly from each source. Pure."""
    chance = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    phi = [row for row in rows if row.phi]
    sources: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        if not row.phi:
            sources[row.source].append(row)
    decks = [chance.sample(deck, len(deck)) for _, deck in sorted(sources.items())]
    free = [deck[at] for at in range(count) for deck in decks if at < len(deck)]
    return chance.sample(phi, min(count, len(phi))) + free[:count]


def take(
    rows: Iterable[Labelled], voice: TextToSpeech, ear: Hearing, judge: Judge
) -> Iterator[Twice]:
    """Speak, hear and judge each row."""
    for number, row in enumerate(rows):
        said = judge.judge(Transcript(row.text, confidence=1.0))
        transcript = asyncio.run(ear.transcribe(_utterance(speak(row.text, voice, number))))
        yield Twice(row, said, judge.judge(transcript), transcript.text)


def speak(text: str, voice: TextToSpeech, seed: int) -> Samples:
    """The words as a microphone in a quiet room has them, 16 kHz."""
    chunks = [np.zeros(0, dtype=np.int16), *voice.synthesize(text)]
    audio: Audio = np.concatenate(chunks).astype(np.float32) / np.float32(32768)
    there = resample(audio, voice.sample_rate) if len(audio) else audio
    spoken = trimmed(there.astype(np.float64))
    wave = np.concatenate((silence(_AIR_S), spoken, silence(_AIR_S)))
    return pcm(wave + noise(len(wave), ROOM_DB, seed))


def compare(every: Sequence[Twice]) -> dict[str, Any]:
    """Text and speech side by side; `points` is speech less text, in per cent. Pure."""
    phi = [one for one in every if one.row.phi]
    free = [one for one in every if not one.row.phi]
    kinds = sorted({label for one in phi for label in one.row.labels})
    sources = sorted({one.row.source for one in free})
    return {
        "rows": len(every),
        "word_error_rate": word_error_rate([(one.row.text, one.heard) for one in every]),
        "held": _both(phi),
        "held_by_kind": {
            kind: _both([one for one in phi if kind in one.row.labels]) for kind in kinds
        },
        "right_reason": NOT_MEASURABLE,
        "cleared": {
            "total": sum(not one.speech.held for one in phi),
            "with_an_items_words": sum(not one.speech.held and survived(one) for one in phi),
        },
        "false_alarms": _both(free),
        "by_source": {
            source: _both([one for one in free if one.row.source == source]) for source in sources
        },
        "reasons_in_speech": {"with_phi": _reasons(phi), "without": _reasons(free)},
        "cleared_only_in_speech": [o.row.id for o in every if o.text.held and not o.speech.held],
        "held_only_in_speech": [o.row.id for o in every if o.speech.held and not o.text.held],
    }


def survived(one: Twice) -> bool:
    """Whether the words of a marked item were heard as they were said. Pure."""
    heard = f" {' '.join(words(one.heard))} "
    items = (words(one.row.text[span.start : span.end]) for span in one.row.spans)
    return any(f" {' '.join(item)} " in heard for item in items)


def as_table(figures: dict[str, Any]) -> Table:
    """The figures, for a terminal."""
    table = Table("what", "of", "as text", "through speech", "points")

    def row(name: str, both: dict[str, float | int]) -> None:
        points = f"{both['points']:+.2f}"
        table.add_row(name, str(both["total"]), str(both["text"]), str(both["speech"]), points)

    row("queries held", figures["held"])
    for kind, both in figures["held_by_kind"].items():
        row(f"  {kind}", both)
    row("false alarms", figures["false_alarms"])
    for source, both in figures["by_source"].items():
        row(f"  {source}", both)
    cleared = figures["cleared"]
    table.caption = (
        f"{figures['word_error_rate'] or 0:.1%} of words misheard; of {cleared['total']} with PHI "
        f"cleared through speech, {cleared['with_an_items_words']} have an item's words as said; "
        f"{figures['right_reason']}"
    )
    return table


def _both(some: Sequence[Twice]) -> dict[str, float | int]:
    text = sum(one.text.held for one in some)
    speech = sum(one.speech.held for one in some)
    points = 100 * (speech - text) / len(some) if some else 0.0
    return {"total": len(some), "text": text, "speech": speech, "points": round(points, 2)}


def _reasons(some: Sequence[Twice]) -> dict[str, int]:
    return dict(Counter(reason for one in some for reason in one.speech.reasons).most_common())


def _utterance(samples: Samples) -> Utterance:
    return Utterance(samples, 0, len(samples), len(samples) / RATE)
