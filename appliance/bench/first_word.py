"""Whether the first word survives where nobody pauses behind the wake word."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from appliance.adapters.hearing import Segmenter, Wake
from appliance.adapters.recording import AtOnce, Recording
from appliance.bench.chain import NoGuess
from appliance.bench.clips import Clip
from appliance.bench.measure import words
from appliance.rules.segment import Segmentation
from appliance.wiring import Room, clock


@dataclass(frozen=True, slots=True)
class Begun:
    """What was said, and what was heard of it; None where the wake word was not."""

    said: str = field(repr=False)
    heard: str | None = field(repr=False)


async def hear(room: Room, clip: Clip) -> Begun:
    """One call with its question, as fast as it can be heard."""
    segmenter = Segmenter(Segmentation(**room.settings.listen.model_dump()), NoGuess())
    async with aclosing(room.stream(Recording(clip.samples, AtOnce(clock)))) as frames:
        wake = await Wake(room.engines.wake()).wait(frames)
        if wake is None:
            return Begun(clip.text, None)
        utterance = await segmenter.collect(frames, wake)
    return Begun(clip.text, (await room.ear.transcribe(utterance)).text)


def summary(taken: Sequence[Begun]) -> dict[str, Any]:
    """Shares of the calls that were heard.

    `dropped`: what was heard begins with a later word of what was said; `misheard`: with another.
    """
    heard = [(words(one.said), words(one.heard)) for one in taken if one.heard is not None]
    kept = [bool(text) and text[0] == said[0] for said, text in heard]
    dropped = [not text or (text[0] != said[0] and text[0] in said[1:]) for said, text in heard]
    wrong = [
        f"{' '.join(said[:2])} > {' '.join(text[:2])}"
        for (said, text), fine in zip(heard, kept, strict=True)
        if not fine
    ]
    return {
        "calls": len(taken),
        "calls_missed": len(taken) - len(heard),
        "kept": round(sum(kept) / len(heard), 4) if heard else None,
        "dropped": sum(dropped),
        "misheard": len(heard) - sum(kept) - sum(dropped),
        "which": wrong[:12],
    }
