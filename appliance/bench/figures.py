"""The figures of `voiceassist bench room`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.bench.measure import spread
from appliance.bench.room import Asked, Spoken
from appliance.rules.commands import Command


def asked(taken: Sequence[Asked]) -> dict[str, Any]:
    """Of questions heard out: the time to the first sound, and whether the stages account for it.

    `ledger_off_ms` is by how much the sum of the stages misses the clock.
    """
    off = [one.ledger_ms for one in taken if one.ledger_ms is not None]
    return {
        "questions": len(taken),
        "woke": sum(one.woke for one in taken),
        "from_library": sum(one.found for one in taken),
        "first_audio_ms": spread([one.first_audio_ms for one in taken]),
        "ledger_off_ms": {**spread(off), "most": round(max(off), 2) if off else None},
    }


def composed(taken: Sequence[Asked], chained: Sequence[float | None]) -> dict[str, Any]:
    """Answers that a model added to, against the chain's to the same questions."""
    pairs = [
        (mine, theirs)
        for mine, theirs in zip(taken, chained, strict=True)
        if mine.first_audio_ms is not None and theirs is not None
    ]
    added = [pair for pair in pairs if pair[0].composed]
    return {
        "questions": len(pairs),
        "composed": len(added),
        "all": _against(pairs),
        "where_composed": _against(added),
        "wait_before_composed_ms": spread([mine.wait_ms for mine, _ in added]),
    }


def spoken(taken: Sequence[Spoken]) -> dict[str, Any]:
    """Commands over an answer, from the true beginning and end of what was said."""
    found: dict[str, Any] = {
        command.value: {
            "said": len(these := [one for one in taken if one.command is command]),
            "obeyed": sum(one.obeyed for one in these),
            "end_to_effect_ms": spread([one.effect_ms for one in these]),
        }
        for command in (Command.STOP, Command.REPEAT)
    }
    found["both_end_to_effect_ms"] = spread([one.effect_ms for one in taken])
    found["beginning_to_silence_ms"] = spread([one.silent_ms for one in taken])
    return found


def _against(pairs: Sequence[tuple[Asked, float | None]]) -> dict[str, Any]:
    mine = spread([one.first_audio_ms for one, _ in pairs])
    chain = spread([theirs for _, theirs in pairs])
    times = round(chain["p50"] / mine["p50"], 2) if pairs else None
    return {"first_audio_ms": mine, "chain_ms": chain, "times_faster": times}
