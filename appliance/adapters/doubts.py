"""What is asked back about a medicine's name: the one doubt that waits, and the recogniser's say.

Law: a name that could not be weighed is in doubt.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from importlib.resources import files

from appliance.rules.doubt import Doubt, Pending, Settled, settle
from appliance.rules.soundalike import SoundAlikes, Weighed, parse, rivals
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, SpeechToText
from voiceassist.phi.lexicon import load_lexicon

log = logging.getLogger(__name__)


class Doubts:
    """Doubts of one room, one at a time; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: Pending | None = None
        self._stands: Pending | None = None

    def begin(self) -> None:
        """A turn begins: what was asked in the one before stands for this one alone."""
        self._stands, self._kept = self._kept, None

    def settle(self, transcript: Transcript) -> Settled:
        """What the turn is about: these words, or the question that they reply to."""
        stands, self._stands = self._stands, None
        return settle(stands, transcript, self._clock())

    def keep(self, doubt: Doubt, *, heard: bool) -> None:
        """Wait for the next turn; the time runs from now."""
        self._kept = Pending(doubt, self._clock() if heard else None)


def load_pairs() -> tuple[tuple[str, str], ...]:
    """The packaged list of names that are taken for one another."""
    return parse(files("appliance.rules").joinpath("soundalike.txt").read_text(encoding="utf-8"))


def load_soundalikes() -> SoundAlikes:
    """The packaged list; a word of the lexicon is no near miss."""
    lexicon = load_lexicon()
    return SoundAlikes(load_pairs(), lambda word: bool(lexicon.bits(word)))


def weigh(
    engine: SpeechToText, samples: Samples, heard: Transcript, alikes: SoundAlikes,
    known: Collection[str] = (), *, lead: str = "",
) -> Transcript:  # fmt: skip
    """`heard` with the names that rival those in it, by what `engine` makes of each.

    `known` words are no near misses; `lead` is what was heard before its text. Without such names
    nothing is computed.
    """
    places = alikes.find(heard.text, known)
    if not places:
        return heard
    texts = [lead + place.put(heard.text, name) for place in places for name in place.names]
    try:
        # without the prompt: it costs four times as much, and leans to the drugs that it names
        scores = [one if math.isfinite(one) else math.nan for one in engine.score(samples, texts)]
    except Exception as error:  # noqa: BLE001 - what can't be weighed is asked
        # the type alone: a message may repeat what was said
        log.error("names were not weighed: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
        scores = [math.nan] * len(texts)
    return Weighed(
        heard.text, heard.confidence, heard.no_speech, heard.language, rivals(places, scores)
    )
