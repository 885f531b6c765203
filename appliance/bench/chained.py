"""The same models one after another, as assistants are usually put together: what that costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from appliance.bench.clips import Clip
from appliance.rules.compose import evidence
from appliance.rules.route import choose_route
from appliance.stages import Utterance
from appliance.wiring import Room, clock
from voiceassist.contract.knowledge import Passage
from voiceassist.engines.ports import SAMPLE_RATE
from voiceassist.knowledge.answers.answer import compose_prompt

SENTENCES = 5


async def chained(room: Room, clip: Clip) -> tuple[float, bool]:
    """Milliseconds from the end of speech to the first sound, and whether a model composed it.

    The pause that ends a question, then recognition of all of it, the gate, the search, the whole
    composed answer, and the whole of its speech; nothing is begun before the one before is done.
    """
    pause_s = room.settings.listen.end_ms / 1000
    samples = clip.samples[: round((clip.ends_s + pause_s) * SAMPLE_RATE)]
    began = clock()
    transcript = await room.ear.transcribe(Utterance(samples, 0, len(samples), began))
    verdict = await room.judge.judge(transcript)
    route = choose_route(verdict, up=False, policy=room.settings.policy.escalate)
    passages = await room.shelf.find(route.query)
    found = room.mind.answer(route, passages)
    text = _composed(room, route.query, passages) if found.found else ""
    sentences = [one.text for one in found.sentences] + [text] * bool(text)
    for sentence in sentences:
        await asyncio.to_thread(room.voice.make, sentence)
    return (pause_s + clock() - began) * 1000, bool(text)


def _composed(room: Room, query: str, passages: Sequence[Passage]) -> str:
    if room.generator is None:
        return ""
    prompt = compose_prompt(query, evidence(query, passages, SENTENCES))
    return "".join(room.generator.generate(prompt))
