"""A turn's stages, each telling what it did. The turn itself knows nothing of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from appliance.events import (
    Answered,
    Composed,
    Found,
    Heard,
    Judged,
    Listened,
    Recorded,
    Speaking,
    Watcher,
    Woke,
)
from appliance.rules.commands import Command
from appliance.rules.route import Route
from appliance.stages import (
    EarStage,
    Frames,
    GateStage,
    JournalStage,
    LibraryStage,
    MindStage,
    SegmenterStage,
    Stages,
    Utterance,
    VoiceStage,
    WakeStage,
)
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.knowledge.answers.answer import Answer


def observed(box: Stages, tell: Watcher, turn_id: str, *, called: bool = False) -> Stages:
    """The stages of turn `turn_id`, which tell `tell` what they did once they have done it.

    What `called` the turn was told already.
    """
    return replace(
        box,
        wake=box.wake if called else _Wake(box.wake, tell, turn_id),
        segmenter=_Segmenter(box.segmenter, tell, turn_id),
        ear=_Ear(box.ear, tell, turn_id),
        gate=_Gate(box.gate, tell, turn_id),
        library=_Library(box.library, tell, turn_id),
        mind=_Mind(box.mind, tell, turn_id),
        journal=_Journal(box.journal, tell, turn_id),
        voice=_Voice(box.voice, tell, turn_id),
    )


@dataclass(frozen=True, slots=True)
class _Wake:
    stage: WakeStage
    tell: Watcher
    turn_id: str

    async def wait(self, frames: Frames) -> WakeHit | None:
        hit = await self.stage.wait(frames)
        if hit is not None:
            self.tell(Woke(self.turn_id, hit.sample, hit.score))
        return hit


@dataclass(frozen=True, slots=True)
class _Segmenter:
    stage: SegmenterStage
    tell: Watcher
    turn_id: str

    async def collect(self, frames: Frames, wake: WakeHit) -> Utterance:
        utterance = await self.stage.collect(frames, wake)
        self.tell(Listened(self.turn_id, utterance.start, utterance.speech_end))
        return utterance


@dataclass(frozen=True, slots=True)
class _Ear:
    stage: EarStage
    tell: Watcher
    turn_id: str

    async def transcribe(self, utterance: Utterance) -> Transcript:
        transcript = await self.stage.transcribe(utterance)
        self.tell(Heard(self.turn_id, transcript))
        return transcript


@dataclass(frozen=True, slots=True)
class _Gate:
    stage: GateStage
    tell: Watcher
    turn_id: str

    async def judge(self, transcript: Transcript) -> Verdict:
        verdict = await self.stage.judge(transcript)
        self.tell(Judged(self.turn_id, verdict))
        return verdict

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        return await self.stage.judge_anew(transcript)


@dataclass(frozen=True, slots=True)
class _Library:
    stage: LibraryStage
    tell: Watcher
    turn_id: str

    async def find(self, query: str) -> Sequence[Passage]:
        passages = await self.stage.find(query)
        self.tell(Found(self.turn_id, passages))
        return passages

    def holds(self, source: Source) -> bool:
        return self.stage.holds(source)


@dataclass(frozen=True, slots=True)
class _Mind:
    stage: MindStage
    tell: Watcher
    turn_id: str

    def answer(self, route: Route, passages: Sequence[Passage]) -> Answer:
        answer = self.stage.answer(route, passages)
        self.tell(Answered(self.turn_id, route, answer))
        return answer

    async def compose(self, route: Route, answer: Answer, turn_id: str) -> Sequence[Sentence]:
        composed = await self.stage.compose(route, answer, turn_id)
        self.tell(Composed(self.turn_id, composed))
        return composed


@dataclass(frozen=True, slots=True)
class _Journal:
    stage: JournalStage
    tell: Watcher
    turn_id: str

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        await self.stage.append(action=action, outcome=outcome, turn_id=turn_id, detail=detail)
        self.tell(Recorded(turn_id, action, outcome, detail))


class _Voice:
    def __init__(self, stage: VoiceStage, tell: Watcher, turn_id: str) -> None:
        self._stage = stage
        self._tell = tell
        self._turn_id = turn_id
        self.sample_rate = stage.sample_rate

    async def speak(self, sentences: AsyncIterator[Sentence]) -> AsyncGenerator[Samples, None]:
        async with aclosing(self._stage.speak(self._told(sentences))) as speech:
            async for chunk in speech:
                yield chunk

    def adjust(self, command: Command) -> None:
        self._stage.adjust(command)

    def sentences_in(self, samples: int) -> int:
        return self._stage.sentences_in(samples)

    async def _told(self, sentences: AsyncIterator[Sentence]) -> AsyncIterator[Sentence]:
        async for sentence in sentences:
            self._tell(Speaking(self._turn_id, sentence))
            yield sentence
