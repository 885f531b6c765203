"""The turn, top to bottom.

Law: the journal entry of a turn is durable before a word of its answer is spoken (law 3), and
what a model adds is entered before it is spoken, too. What is held has no way out (law 1): only a
`Hub` route carries a `Cleared`, and only the mind takes it to the hub.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from appliance.rules import phrases
from appliance.rules.laps import Laps
from appliance.rules.offer import Offer, proposed, put_back
from appliance.rules.record import TurnRecord, places
from appliance.rules.route import Doubtful, Hub, Order, Refuse, Route, choose_route
from appliance.stages import Frames, Link, Stages
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.ledger import TURN
from voiceassist.contract.speech import Transcript
from voiceassist.errors import VoiceAssistError
from voiceassist.knowledge.answers.answer import Answer

__all__ = ["TurnRecord", "run_turn", "take_turn"]

log = logging.getLogger(__name__)


async def run_turn(box: Stages, frames: Frames, link: Link, turn_id: str) -> TurnRecord:
    """Hear one turn and answer it. Raises `VoiceAssistError` where a stage can't do its work."""
    laps = Laps(box.clock)
    wake = await box.wake.wait(frames)
    if wake is None:
        return TurnRecord(turn_id)
    box.doubts.begin()
    box.offers.begin()
    utterance = await box.segmenter.collect(frames, wake)
    laps.begin(utterance.ended_at)
    laps.mark("endpoint")
    transcript = await box.ear.transcribe(utterance)
    laps.mark("stt")
    return await take_turn(box, transcript, link, turn_id, laps)


async def take_turn(
    box: Stages, transcript: Transcript, link: Link, turn_id: str, laps: Laps
) -> TurnRecord:
    """Judge, route, find, record, speak."""
    settled = box.doubts.settle(transcript)
    transcript = settled.transcript
    verdict = await box.gate.judge(transcript)
    laps.mark("gate")
    reply = settled.route or box.offers.reply(transcript, up=link.up)
    route = reply or choose_route(verdict, up=link.up, policy=box.policy)
    passages = await box.library.find(route.query)
    laps.mark("search")
    answer = box.mind.answer(route, passages)
    offer = None
    if reply is None:
        held = await box.offers.make(transcript, verdict, up=link.up)
        offer = held or proposed(route, found=answer.found)
    record = TurnRecord(
        turn_id, heard=transcript.text, verdict=verdict, route=route.name, why=route.why,
        woke=True, found=answer.found, sources=answer.sources, sentences=answer.sentences,
        timings=laps.timings, offered=offer is not None,
    )  # fmt: skip
    try:
        await _append(box, record)
    except VoiceAssistError as error:
        log.error("the turn is refused: %s", error, extra={"turn": turn_id})  # noqa: TRY400 - one line
        record, route, answer = _refused(record)
        offer = None
    laps.mark("journal")
    if isinstance(route, Order):
        box.voice.adjust(route.command)
    spoken = _Spoken(box, route, answer, record, offer)
    async with aclosing(box.voice.speak(spoken.sentences())) as speech:
        played = await box.speaker.play(speech, box.voice.sample_rate)
    if played.first_at is not None:
        laps.mark("voice", played.first_at)
    heard = played.whole and played.samples > 0
    if offer is not None:
        box.offers.keep(offer, heard=spoken.read_back and heard)
    if isinstance(route, Doubtful):
        box.doubts.keep(route.doubt, heard=heard)
    if not played.whole:
        await spoken.interrupted(played.samples)
    return replace(
        spoken.record,
        interrupted=not played.whole,
        timings=laps.timings,
        speech_end_to_first_audio=None if played.first_at is None else laps.total,
    )


class _Spoken:
    """The sentences of a turn as they come, and the record of them."""

    def __init__(
        self, box: Stages, route: Route, answer: Answer, record: TurnRecord, offer: Offer | None
    ) -> None:
        self._box = box
        self._route = route
        self._answer = answer
        self._offer = offer
        self.record = record
        self.read_back = False

    async def sentences(self) -> AsyncIterator[Sentence]:
        """The evidence at once; recorded first, what a model adds; at last what is offered."""
        for sentence in self._answer.sentences:
            yield sentence
        composed = await self._composed()
        for sentence in composed:
            yield put_back(sentence, self._route)
        if not composed and isinstance(self._route, Hub) and not self._answer.found:
            yield Sentence(text=phrases.NOTHING_CAME, kind="notice")
        if self._offer is not None:
            self.record = self.record.with_more([self._offer.read_back])
            yield self._offer.read_back
            self.read_back = True  # the voice came back for more: it has made all of it

    async def interrupted(self, samples: int) -> None:
        """Record how much was heard of what the entry before promised."""
        voice = self._box.voice
        heard: dict[str, Json] = {
            "sentences": voice.sentences_in(samples),
            "ms": round(samples * 1000 / voice.sample_rate),
        }
        try:
            await self._box.journal.append(
                action="turn.interrupted",
                outcome=self._route.name,
                turn_id=self.record.turn_id,
                detail=heard,
            )
        except VoiceAssistError as error:
            log.error("not recorded: %s", error, extra={"turn": self.record.turn_id})  # noqa: TRY400 - one line

    async def _composed(self) -> Sequence[Sentence]:
        turn_id = self.record.turn_id
        composed = await self._box.mind.compose(self._route, self._answer, turn_id)
        if not composed:
            return ()
        sources = [source for sentence in composed for source in sentence.sources]
        try:
            await self._box.journal.append(
                action="turn.composed",
                outcome=self._route.name,
                turn_id=turn_id,
                detail={"sentences": len(composed), "sources": places(sources)},
            )
        except VoiceAssistError as error:
            log.warning("what was composed is not spoken: %s", error, extra={"turn": turn_id})
            return ()
        self.record = self.record.with_more(composed)
        return composed


async def _append(box: Stages, record: TurnRecord) -> None:
    await box.journal.append(
        action=TURN,
        outcome=record.outcome,
        turn_id=record.turn_id,
        detail=record.journal_detail(),
    )


def _refused(record: TurnRecord) -> tuple[TurnRecord, Route, Answer]:
    route = Refuse("unrecorded")
    said = (Sentence(text=phrases.CANNOT_RECORD, kind="notice"),)
    refused = replace(
        record,
        route=route.name,
        why=route.why,
        found=False,
        sources=(),
        sentences=said,
        offered=False,
    )
    return refused, route, Answer(found=False, sentences=said, sources=())
