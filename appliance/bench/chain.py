"""The same models one after another: what a room without overlap would take.

The endpoint waits its usual silence; then recogniser, gate, search and language model each finish
before the next begins, and the voice begins once the answer is whole. The same weights, the same
process, the same recordings in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from appliance.adapters.hearing import Pressed, Segmenter
from appliance.adapters.recording import RealTime, Recording
from appliance.bench.clips import Clip
from appliance.rules.compose import evidence
from appliance.rules.segment import Segmentation
from appliance.stages import Frames, Utterance
from appliance.wiring import Room, clock
from voiceassist.contract.knowledge import Sentence
from voiceassist.engines.ports import SAMPLE_RATE, Generator
from voiceassist.errors import WrongUse
from voiceassist.knowledge.answers.answer import compose_prompt

_SOURCES = 5


class NoGuess:
    """Nothing is begun before the end."""

    heard: str | None = None

    def begin(self, utterance: Utterance) -> None:
        """Nothing."""


async def first_audio_ms(room: Room, clip: Clip, wake_end_s: float) -> float | None:
    """From the true end of speech to the first sound; None where there is no evidence to join."""
    source = Recording(clip.samples, RealTime(clock))
    async with aclosing(room.stream(source)) as frames:
        utterance = await _collect(room, frames, wake_end_s)
    heard = await room.ear.transcribe(utterance)
    await room.judge.judge(heard)
    passages = await room.shelf.find(heard.text)
    sources = evidence(heard.text, passages, _SOURCES)
    if not sources:
        return None
    prompt = compose_prompt(heard.text, sources)
    model = language_model(room)
    text = await asyncio.to_thread(lambda: "".join(model.generate(prompt)))
    await _first_sound(room, text)
    return (clock() - source.moment(round(clip.ends_s * SAMPLE_RATE))) * 1000


async def _first_sound(room: Room, text: str) -> None:
    async def whole() -> AsyncIterator[Sentence]:
        yield Sentence(text=text, kind="composed")

    async with aclosing(room.voice.speak(whole())) as speech:
        await anext(speech, None)


def language_model(room: Room) -> Generator:
    """The room's; raises `WrongUse` where the board has none."""
    if room.generator is None:
        raise WrongUse("this board has no language model; measure another --profile")
    return room.generator


async def _collect(room: Room, frames: Frames, wake_end_s: float) -> Utterance:
    call = await Pressed(round(wake_end_s * SAMPLE_RATE)).wait(frames)
    if call is None:
        raise WrongUse("a recording ends before its wake word does; correct its manifest")
    rules = Segmentation(**room.settings.listen.model_dump())
    return await Segmenter(rules, NoGuess()).collect(frames, call)
