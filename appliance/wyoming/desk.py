"""Lends the room's ear and voice to Wyoming's clients.

Law: the room's own turn comes first; a client waits for its end, or is refused. What a client's
audio says goes back as a `Cleared` alone, once its entry is durable (laws 1 and 3). A client's
questions lean on that client's own last one, never on the room's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from appliance.adapters.deadlines import TooSlow, within
from appliance.adapters.judging import subject
from appliance.rules.spoken import breaths, to_speech
from appliance.stages import JournalStage, Utterance
from appliance.taking import new_id
from voiceassist.contract.canonical import Json
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.errors import VoiceAssistError

LONGEST_TEXT = 1000  # characters
_PATIENCE_S = 5.0
_LOOK_S = 0.05
_EAR_S = 10.0
_VOICE_S = 8.0
_CLIENTS = 64  # whose last verdict is remembered


class Refused(VoiceAssistError):
    """A client gets nothing; `code` is what it is told."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class LentEar(Protocol):
    """The room's recogniser; from any thread."""

    async def transcribe(self, utterance: Utterance) -> Transcript:
        """The words, without the wake word."""

    def give_up(self) -> None:
        """Leave a recognition that hangs behind."""


class LentGate(Protocol):
    """The room's gate; from any thread."""

    async def judge_after(self, transcript: Transcript, previous: Verdict | None) -> Verdict:
        """The verdict, `previous` being the one before."""


class LentVoice(Protocol):
    """The room's voice; from any thread, which waits while the room's own speech is made."""

    sample_rate: int

    def make(self, text: str) -> Samples:
        """A breath of speech."""

    def abort(self) -> None:
        """End what is being made."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What is lent, and whether the room needs it now."""

    ear: LentEar
    gate: LentGate
    voice: LentVoice
    journal: JournalStage
    busy: Callable[[], bool]


class Desk:
    """One room's. All of it runs on Wyoming's own event loop."""

    def __init__(self, lent: Lent, patience_s: float = _PATIENCE_S) -> None:
        self._lent = lent
        self._patience_s = patience_s
        self._ear, self._voice = asyncio.Lock(), asyncio.Lock()
        self._last: dict[str, Verdict] = {}

    @property
    def sample_rate(self) -> int:
        """Of what is spoken, in Hz."""
        return self._lent.voice.sample_rate

    async def transcribe(self, samples: Samples, client: str) -> Verdict:
        """The verdict on what `samples` say, recorded. Raises `Refused` "busy" or "unrecorded"."""
        async with self._own_turn_first(self._ear):
            heard = await self._heard(samples)
        previous = self._last.get(client)
        verdict = await self._lent.gate.judge_after(heard, previous)
        self._remember(client, subject(previous, verdict))
        detail: dict[str, Json] = {
            "client": client,
            "held": verdict.held,
            "reasons": list(verdict.reasons),
            "kinds": dict(Counter(item.kind for item in verdict.items)),
            "heard_characters": len(heard.text),
            "ms": {"audio": len(samples) * 1000 // SAMPLE_RATE},
        }
        await self._record("wyoming.transcribe", "held" if verdict.held else "cleared", detail)
        return verdict

    async def speak(self, text: str, client: str) -> AsyncIterator[Samples]:
        """Speech a breath at a time, recorded first.

        Raises `Refused` "busy", "too-long" or "unrecorded".
        """
        if len(text) > LONGEST_TEXT:
            raise Refused("too-long", f"more than {LONGEST_TEXT} characters; send fewer at once")
        said = "".join(one if one.isprintable() else " " for one in text)
        detail: dict[str, Json] = {"client": client, "characters": len(text)}
        await self._record("wyoming.synthesize", "spoken", detail)
        for breath in breaths(to_speech(said)):
            async with self._own_turn_first(self._voice):
                made = await self._made(breath)
            yield made

    @asynccontextmanager
    async def _own_turn_first(self, lock: asyncio.Lock) -> AsyncIterator[None]:
        """Inside, no other client has it, and the room had no turn when it was taken."""
        until = asyncio.get_running_loop().time() + self._patience_s
        try:
            async with asyncio.timeout_at(until):
                await lock.acquire()
        except TimeoutError as error:
            raise _busy() from error
        try:
            while self._lent.busy():
                if asyncio.get_running_loop().time() >= until:
                    raise _busy()
                await asyncio.sleep(_LOOK_S)
            yield
        finally:
            lock.release()

    def _remember(self, client: str, verdict: Verdict | None) -> None:
        self._last.pop(client, None)
        if verdict is not None:
            self._last[client] = verdict
        if len(self._last) > _CLIENTS:
            self._last.pop(next(iter(self._last)))

    async def _heard(self, samples: Samples) -> Transcript:
        utterance = Utterance(samples, 0, len(samples), 0.0)
        try:
            return await within(self._lent.ear.transcribe(utterance), _EAR_S, "recogniser")
        except TooSlow as error:
            if not self._lent.busy():  # else the room's own turn sees to it
                self._lent.ear.give_up()
            raise _busy() from error

    async def _made(self, breath: str) -> Samples:
        work = asyncio.to_thread(self._lent.voice.make, breath)
        try:
            return await within(work, _VOICE_S, "voice")
        except TooSlow as error:
            if not self._lent.busy():
                self._lent.voice.abort()
            raise _busy() from error

    async def _record(self, action: str, outcome: str, detail: dict[str, Json]) -> None:
        try:
            await self._lent.journal.append(
                action=action, outcome=outcome, turn_id=new_id(), detail=detail
            )
        except VoiceAssistError as error:
            raise Refused("unrecorded", "it can't be recorded, so it is not answered") from error


def _busy() -> Refused:
    return Refused("busy", "the room is busy; try again")
