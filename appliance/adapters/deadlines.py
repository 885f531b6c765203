"""A turn's stages, each with a deadline: one that hangs fails the turn and not the room.

What hangs can't be ended from outside: its thread is left behind, and `give_up` of the stage puts a
new one in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from appliance.rules.route import Route
from appliance.stages import (
    EarStage,
    GateStage,
    JournalStage,
    LibraryStage,
    MindStage,
    Stages,
    Utterance,
)
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Held, Verdict
from voiceassist.errors import Unavailable
from voiceassist.knowledge.answers.answer import Answer

Result = TypeVar("Result")


class TooSlow(Unavailable):
    """A stage did not answer in its time."""

    code = "TOO_SLOW"
    retryable = True


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. They are for what hangs, not for what is slow."""

    ear: float = 10.0
    gate: float = 3.0
    library: float = 4.0
    compose: float = 25.0
    journal: float = 5.0


def bounded(box: Stages, deadlines: Deadlines, give_up_ear: Callable[[], None]) -> Stages:
    """The stages, which raise `TooSlow` where they would hang; a gate that hangs holds."""
    return replace(
        box,
        ear=_Ear(box.ear, deadlines.ear, give_up_ear),
        gate=_Gate(box.gate, deadlines.gate),
        library=_Library(box.library, deadlines.library),
        mind=_Mind(box.mind, deadlines.compose),
        journal=_Journal(box.journal, deadlines.journal),
    )


async def within(work: Awaitable[Result], seconds: float, what: str) -> Result:
    """What `work` gives; raises `TooSlow`."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise TooSlow(f"the {what} took longer than {seconds:g} s; ask again") from error


@dataclass(frozen=True, slots=True)
class _Ear:
    stage: EarStage
    seconds: float
    give_up: Callable[[], None]

    async def transcribe(self, utterance: Utterance) -> Transcript:
        try:
            return await within(self.stage.transcribe(utterance), self.seconds, "recogniser")
        except TooSlow:
            self.give_up()
            raise


@dataclass(frozen=True, slots=True)
class _Gate:
    stage: GateStage
    seconds: float

    async def judge(self, transcript: Transcript) -> Verdict:
        try:
            return await within(self.stage.judge(transcript), self.seconds, "gate")
        except TooSlow:
            return Held(transcript.text, reasons=("time_out",))

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        try:
            return await within(self.stage.judge_anew(transcript), self.seconds, "gate")
        except TooSlow:
            return Held(transcript.text, reasons=("time_out",))


@dataclass(frozen=True, slots=True)
class _Library:
    stage: LibraryStage
    seconds: float

    async def find(self, query: str) -> Sequence[Passage]:
        return await within(self.stage.find(query), self.seconds, "library")

    def holds(self, source: Source) -> bool:
        return self.stage.holds(source)


@dataclass(frozen=True, slots=True)
class _Mind:
    stage: MindStage
    seconds: float

    def answer(self, route: Route, passages: Sequence[Passage]) -> Answer:
        return self.stage.answer(route, passages)

    async def compose(self, route: Route, answer: Answer, turn_id: str) -> Sequence[Sentence]:
        try:
            return await within(
                self.stage.compose(route, answer, turn_id), self.seconds, "language model"
            )
        except TooSlow:
            return ()


@dataclass(frozen=True, slots=True)
class _Journal:
    stage: JournalStage
    seconds: float

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        entry = self.stage.append(action=action, outcome=outcome, turn_id=turn_id, detail=detail)
        await within(entry, self.seconds, "journal")
