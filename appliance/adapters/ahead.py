"""Ear, gate and search, begun at the first pause: what may be all that is said.

Law: what was begun counts only where the utterance turned out to be the very same; where speech
resumed it is dropped, and leaves no trace in the gate's memory or anywhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from appliance.adapters.hearing import Ear
from appliance.stages import LibraryStage, Utterance
from voiceassist.contract.knowledge import Passage, Source
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict


class Previewing(Protocol):
    """A gate that can judge what may not be all that was said: `JudgeStage`."""

    async def judge(self, transcript: Transcript) -> Verdict:
        """The verdict on what was heard."""

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        """The verdict on these words alone."""

    async def preview(self, transcript: Transcript) -> Verdict:
        """The verdict, not remembered."""

    def adopt(self, verdict: Verdict) -> Verdict:
        """Remember a verdict that was previewed."""


@dataclass(slots=True)
class _Guess:
    """What was begun on one utterance, and how far it came."""

    key: tuple[int, int]
    work: asyncio.Task[None] | None = None
    transcript: Transcript | None = field(default=None, repr=False)
    verdict: Verdict | None = field(default=None, repr=False)
    query: str | None = field(default=None, repr=False)
    passages: Sequence[Passage] = field(default=(), repr=False)


class Ahead:
    """The stages ear, gate and library in one; `query` tells what a verdict would search for."""

    def __init__(
        self, ear: Ear, gate: Previewing, library: LibraryStage, query: Callable[[Verdict], str]
    ) -> None:
        self._ear = ear
        self._gate = gate
        self._library = library
        self._query = query
        self._guess: _Guess | None = None
        self.on = True
        """Whether anything is begun ahead; not where the box is strained."""

    def begin(self, utterance: Utterance) -> None:
        """Start on what may be all that is said, in place of what was begun before."""
        self.drop()
        if not self.on:
            return
        self._guess = _Guess((utterance.start, utterance.speech_end))
        self._guess.work = asyncio.create_task(self._work(self._guess, utterance))

    def drop(self) -> None:
        """Forget what was begun."""
        if self._guess is not None and self._guess.work is not None:
            self._guess.work.cancel()
        self._guess = None

    @property
    def heard(self) -> str | None:
        """What was said up to the pause; None where that is not known yet."""
        guess = self._guess
        return guess.transcript.text if guess and guess.transcript else None

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """The words, without the wake word; raises what the engine raises."""
        guess = self._guess
        if guess is None or guess.key != (utterance.start, utterance.speech_end):
            self.drop()
            return await self._ear.transcribe(utterance)
        await self._done(guess)
        return guess.transcript or await self._ear.transcribe(utterance)

    async def judge(self, transcript: Transcript) -> Verdict:
        """The verdict on what was heard."""
        guess = self._guess
        if guess is None or guess.transcript is not transcript or guess.verdict is None:
            return await self._gate.judge(transcript)
        return self._gate.adopt(guess.verdict)

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        """The verdict on these words alone."""
        return await self._gate.judge_anew(transcript)

    async def find(self, query: str) -> Sequence[Passage]:
        """The passages that answer `query`; what was begun ends with it."""
        guess, self._guess = self._guess, None
        if guess is None or guess.query is None or guess.query != query:
            return await self._library.find(query)
        return guess.passages

    def holds(self, source: Source) -> bool:
        """Whether the library has exactly these words in this version at this place."""
        return self._library.holds(source)

    async def _work(self, guess: _Guess, utterance: Utterance) -> None:
        guess.transcript = await self._ear.transcribe(utterance)
        guess.verdict = await self._gate.preview(guess.transcript)
        query = self._query(guess.verdict)
        guess.passages = await self._library.find(query)
        guess.query = query

    async def _done(self, guess: _Guess) -> None:
        if guess.work is not None:
            # what failed ahead is tried again in its turn, and fails there for all to see
            await asyncio.wait({guess.work})
            if not guess.work.cancelled():
                guess.work.exception()
