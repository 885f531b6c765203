"""`voiceassist bench doubts`: names that sound alike, spoken, heard and asked about.

The board's voice asks for each name of a pair; what its ear makes of the name is compared with
what was said. Segmentation is not part of it, as in `phi_speech`.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from appliance.adapters.doubts import load_pairs, load_soundalikes, weigh
from appliance.adapters.hearing import Ear
from appliance.bench.acoustics import RATE, SPEECH_DB, noise, pcm
from appliance.bench.phi_speech import speak
from appliance.rules.doubt import in_doubt
from appliance.rules.soundalike import Rivals, SoundAlikes, Weighed
from appliance.stages import Utterance
from voiceassist.console import err, out, print_json
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText, TextToSpeech
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store

_FORMS = (
    "What is the usual dose of {} in an adult?", "Can I give {} in pregnancy?",
    "How is {} stopped?",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """A name as it was said, and the transcript; weighing took `ms` milliseconds."""

    name: str
    transcript: Transcript = field(repr=False)
    ms: float

    @property
    def as_name(self) -> str | None:
        """The name of the list that was heard; None where it was none, nor like one."""
        return self.rivals.place.names[0] if self.rivals else None

    @property
    def asked(self) -> tuple[str, str] | None:
        """The two names that are asked about."""
        return in_doubt(self.rivals) if self.rivals else None

    @property
    def rivals(self) -> Rivals | None:
        """The first name of the list in the transcript, weighed."""
        weighed = self.transcript.rivals if isinstance(self.transcript, Weighed) else ()
        return weighed[0] if weighed else None


def doubts(
    pairs: Annotated[int, typer.Option(min=1, help="So many pairs.")] = 60,
    seed: Annotated[int, typer.Option(help="Which pairs, which question, which noise.")] = 1,
    snr_db: Annotated[float | None, typer.Option(help="Office noise; none by default.")] = None,
    *,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    details: Annotated[bool, typer.Option("--details", help="Every name, as heard.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """How often a name is taken for another, and whether the room asks then, and only then."""
    drawn = draw(pairs, seed)
    with err.status("loading"):
        engines = Engines(load_profile(profile), default_store())
        engine, voice, alikes = engines.stt(), engines.tts(), load_soundalikes()
    with closing(voice), closing(Ear(engine)) as ear:
        heard = hear(drawn, voice, ear, engine, alikes, snr_db)
        told = list(track(heard, "speaking and hearing", len(drawn), console=err, transient=True))
    figures = compare(told) | {"seed": seed, "snr_db": snr_db, "cores": os.cpu_count()}
    figures["load_average"] = round(os.getloadavg()[0], 1)
    if details:
        figures["details"] = [_detail(one) for one in told]
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:24} {value}", markup=False, soft_wrap=True)


def draw(pairs: int, seed: int) -> list[tuple[str, str]]:
    """Names of so many pairs, both of each, with a question about each. Pure but for the list."""
    chance = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    every = load_pairs()
    some = chance.sample(every, min(pairs, len(every)))
    names = dict.fromkeys(name for pair in some for name in pair)
    return [(name, chance.choice(_FORMS)) for name in names]


def hear(
    drawn: Iterable[tuple[str, str]], voice: TextToSpeech, ear: Ear, engine: SpeechToText,
    alikes: SoundAlikes, snr_db: float | None = None,
) -> Iterator[Heard]:  # fmt: skip
    """Each question spoken, recognised, and its names weighed."""
    ear.expect(())
    for number, (name, form) in enumerate(drawn):
        samples = noisy(speak(form.format(name), voice, number), snr_db, number)
        said = Utterance(samples, 0, len(samples), len(samples) / RATE)
        transcript = asyncio.run(ear.transcribe(said))
        began = time.perf_counter()
        weighed = weigh(engine, samples, transcript, alikes)
        yield Heard(name, weighed, (time.perf_counter() - began) * 1000)


def noisy(samples: Samples, snr_db: float | None, seed: int) -> Samples:
    """`samples` in office noise. Pure."""
    if snr_db is None:
        return samples
    wave = samples.astype(np.float64) / 32767
    return pcm(wave + noise(len(wave), SPEECH_DB - snr_db, seed))


def compare(told: Sequence[Heard]) -> dict[str, Any]:
    """Counts of names said, by what they were heard as and whether the room asks. Pure.

    A wrong one is "caught" where the room asks, and "offered" where what was said is one of the
    two that it asks about; a right one that it asks about is asked "needlessly".
    """
    right = [one for one in told if one.as_name == one.name]
    wrong = [one for one in told if one.as_name not in {None, one.name}]
    caught = [one for one in wrong if one.asked]
    waits = [one.ms for one in told if one.as_name is not None]
    return {
        "names": len(told),
        "right": len(right),
        "right_asked_needlessly": sum(one.asked is not None for one in right),
        "wrong": len(wrong),
        "wrong_caught": len(caught),
        "wrong_caught_and_offered": sum(one.name in (one.asked or ()) for one in caught),
        "like_no_name": len(told) - len(right) - len(wrong),
        "weighing_ms_p50": round(statistics.median(waits), 1) if waits else None,
        "weighing_ms_max": round(max(waits), 1) if waits else None,
    }


def _detail(one: Heard) -> dict[str, Any]:
    weighed = one.rivals
    scores = dict(zip(weighed.place.names, weighed.scores, strict=True)) if weighed else {}
    return {
        "said": one.name, "heard": one.transcript.text, "as": one.as_name, "asked": one.asked,
        "scores": {name: round(score, 1) for name, score in scores.items()},
    }  # fmt: skip
