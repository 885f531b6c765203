"""The figures of `voiceassist bench turn`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from appliance.rules.spoken import number_words
from appliance.turn import TurnRecord

QUESTIONS = frozenset({"library", "drug", "outside", "eponym"})


@dataclass(frozen=True, slots=True)
class Row:
    """A recording and the truth about it."""

    file: str
    text: str = field(repr=False)
    phi: bool
    kind: str
    wake_end_s: float
    speech_end_s: float
    snr_db: float | None = None
    voice: str = ""
    gap_s: float = 0.0  # between the wake word and what follows it


@dataclass(frozen=True, slots=True)
class Result:
    """One turn: whether the wake word was heard, and milliseconds to the first sound.

    Those run from the true end of speech; None where nothing was played.
    """

    row: Row
    woke: bool
    record: TurnRecord
    first_audio_ms: float | None


def report(results: Sequence[Result]) -> dict[str, Any]:
    """All figures that follow from the turns."""
    phi = [one for one in results if one.row.phi]
    questions = [one for one in results if one.row.kind in QUESTIONS]
    return {
        "turns": len(results),
        "wake_recall": {
            "clean": _share([one.woke for one in results if one.row.snr_db is None]),
            "noisy": _share([one.woke for one in results if one.row.snr_db is not None]),
        },
        "word_error_rate": word_error_rate([(one.row.text, one.record.heard) for one in questions]),
        "word_error_rate_by_kind": {
            kind: word_error_rate(
                [(one.row.text, one.record.heard) for one in questions if one.row.kind == kind]
            )
            for kind in sorted({one.row.kind for one in questions})
        },
        "phi_turns": len(phi),
        "phi_turns_that_stayed": sum(stayed(one.record) for one in phi),
        "route_accuracy": _share([right_route(one) for one in results]),
        "answered_from_library": {
            kind: _share([one.record.found for one in questions if one.row.kind == kind])
            for kind in sorted({one.row.kind for one in questions})
        },
        "speech_end_to_first_audio_ms": {
            "library": spread([one.first_audio_ms for one in results if one.row.kind == "library"]),
            "questions": spread([one.first_audio_ms for one in questions]),
            "all": spread([one.first_audio_ms for one in results]),
        },
        "stages_ms": {
            stage: spread([one.record.timings.get(stage) for one in results])
            for stage in dict.fromkeys(name for one in results for name in one.record.timings)
        },
    }


def stayed(record: TurnRecord) -> bool:
    """Whether a turn had no way out of the room."""
    return record.verdict.held and record.route != "hub"


def right_route(result: Result) -> bool:
    """PHI is held, a command is done here, all else is cleared."""
    if result.row.phi:
        return stayed(result.record)
    if result.row.kind == "command":
        return result.record.route == "command"
    return not result.record.verdict.held


def word_error_rate(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Word errors of (said, heard) pairs over the words said; None without any."""
    said = [words(true) for true, _ in pairs]
    total = sum(map(len, said))
    if not total:
        return None
    errors = sum(
        _distance(true, words(heard)) for true, (_, heard) in zip(said, pairs, strict=True)
    )
    return round(errors / total, 4)


def words(text: str) -> list[str]:
    """Lower-case words without punctuation, digits as words."""
    text = re.sub(r"\d+(?:[.,]\d+)*", lambda found: number_words(found[0]), text.lower())
    return re.sub(r"[^\w\s']|(?<!\w)'|'(?!\w)", " ", text.replace("\u2019", "'")).split()


def spread(values: Sequence[float | None]) -> dict[str, float | int]:
    """The median, the 95th percentile and the number of what there is."""
    there = [value for value in values if value is not None]
    if not there:
        return {"n": 0}
    p50, p95 = np.percentile(there, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1), "n": len(there)}


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _distance(true: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein's distance in words."""
    row = list(range(len(heard) + 1))
    for word in true:
        diagonal, row[0] = row[0], row[0] + 1
        for at, other in enumerate(heard, start=1):
            best = min(row[at] + 1, row[at - 1] + 1, diagonal + (word != other))
            diagonal, row[at] = row[at], best
    return row[-1]
