"""Takes a turn. Whatever fails, it has its entry (law 3), and the room says that it failed."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing

from appliance.adapters.observed import observed
from appliance.events import Over, Watcher
from appliance.rules import phrases
from appliance.stages import Frames, Link, Stages
from appliance.turn import TurnRecord, run_turn
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.ledger import TURN
from voiceassist.errors import VoiceAssistError

log = logging.getLogger(__name__)


def new_id() -> str:
    """A turn's id: it tells nothing."""
    return uuid.uuid4().hex


async def take(
    box: Stages, frames: Frames, link: Link, tell: Watcher, called: str = ""
) -> TurnRecord | None:
    """One turn to its end, told step by step; None where it failed.

    `called` is its id where it was called, and that told, before.
    """
    turn_id = called or new_id()
    try:
        try:
            record = await run_turn(
                observed(box, tell, turn_id, called=bool(called)), frames, link, turn_id
            )
        except VoiceAssistError:
            raise
        except Exception as error:  # whatever fails, the turn has its entry
            raise _unforeseen(error) from error
    except VoiceAssistError as error:
        await fail(box, turn_id, error, tell)
        return None
    log.info("turn", extra={"turn": turn_id, **record.journal_detail()})
    tell(Over(turn_id, record))
    return record


async def fail(box: Stages, turn_id: str, error: VoiceAssistError, tell: Watcher) -> None:
    """A turn has failed: record it without words, and say so."""
    log.error("the turn failed: %s", error, extra={"turn": turn_id})
    tell(Over(turn_id, None, error.code, str(error)))
    try:
        await box.journal.append(
            action="turn.failed", outcome=error.code, turn_id=turn_id, detail={}
        )
        await say(box, phrases.FAILED)
    except VoiceAssistError as again:
        log.error("nor could that be said: %s", again, extra={"turn": turn_id})  # noqa: TRY400 - one line


async def nothing_said(box: Stages, turn_id: str, tell: Watcher) -> None:
    """The room was called and nothing was said: an entry, and not a word."""
    record = TurnRecord(turn_id, woke=True, why="silence")
    try:
        await box.journal.append(
            action=TURN, outcome=record.outcome, turn_id=record.turn_id,
            detail=record.journal_detail(),
        )  # fmt: skip
    except VoiceAssistError as error:
        await fail(box, record.turn_id, error, tell)
    else:
        tell(Over(record.turn_id, record))


async def say(box: Stages, phrase: str) -> None:
    """Say one of the room's own phrases."""

    async def sentences() -> AsyncIterator[Sentence]:
        yield Sentence(text=phrase, kind="notice")

    async with aclosing(box.voice.speak(sentences())) as speech:
        await box.speaker.play(speech, box.voice.sample_rate)


def _unforeseen(error: Exception) -> VoiceAssistError:
    # the type alone: a runtime's message may repeat what was said
    return VoiceAssistError(f"a stage failed ({type(error).__name__}); start the room again")
