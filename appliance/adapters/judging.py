"""The gate as a stage: it remembers its last verdict, since a question may lean on the last."""

from __future__ import annotations

import asyncio
from typing import Protocol

from appliance.rules.commands import command_of
from appliance.rules.offer import reply_of
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict


class Judge(Protocol):
    """The PHI gate: never raises, never takes longer than its time-out."""

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        """`Cleared` or `Held`."""


def subject(previous: Verdict | None, verdict: Verdict) -> Verdict | None:
    """What the next question may lean on: "repeat" or "yes" is no new subject to follow up on."""
    new = command_of(verdict.text) is None and reply_of(verdict.text) is None
    return verdict if new else previous


class JudgeStage:
    """Judges on another thread."""

    def __init__(self, gate: Judge) -> None:
        self._gate = gate
        self._previous: Verdict | None = None

    def replace(self, gate: Judge) -> None:
        """Judge by `gate` from the next turn on."""
        self._gate = gate

    def warm_up(self, transcript: Transcript) -> None:
        """Judge once, for nothing."""
        self._gate.judge(transcript)

    async def judge(self, transcript: Transcript) -> Verdict:
        """The verdict on what was heard."""
        return self.adopt(await self.preview(transcript))

    async def preview(self, transcript: Transcript) -> Verdict:
        """The verdict on what may yet turn out not to be all that was said."""
        return await self.judge_after(transcript, self._previous)

    async def judge_after(self, transcript: Transcript, previous: Verdict | None) -> Verdict:
        """The verdict on what was said where `previous` was said before; from any thread."""
        return await asyncio.to_thread(self._gate.judge, transcript, previous=previous)

    def adopt(self, verdict: Verdict) -> Verdict:
        """What was previewed was all that was said: the next question may lean on it."""
        self._previous = subject(self._previous, verdict)
        return verdict

    async def judge_anew(self, transcript: Transcript) -> Verdict:
        """The verdict on these words alone; what comes next follows the turn before, not them."""
        return await asyncio.to_thread(self._gate.judge, transcript)
