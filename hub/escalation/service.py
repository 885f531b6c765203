"""The door to the cloud.

Law: what leaves the building is a query that the hub's own judge cleared, with passages of
the library, which hold no patient; what comes back is spoken only where those passages
support it. The attempt is in the audit trail before it is made, and so is its outcome. A query
that the hub's judge does not clear is a mistake of the room's, or a failure here: an alarm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from hub.escalation.ports import Cloud, Evidence, Recorder, SecondJudge
from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.contract.verdict import Cleared, Held
from voiceassist.contract.wire import EscalationReply, EscalationRequest
from voiceassist.errors import Unavailable, VoiceAssistError
from voiceassist.knowledge.answers.answer import compose_prompt, supported
from voiceassist.knowledge.text.sentences import sentences

log = logging.getLogger(__name__)

REFUSED = "escalation_refused"  # the alarm's outcome
MOST_PASSAGES = 2
MOST_SENTENCES = 3
WORTH_SENDING = 0.3  # below the room's bar for quoting: a bigger model may find more in it


class Escalation:
    """Answers one room's cleared query with the cloud's help.

    `refused` is told the first reason of each refusal, to count it.
    """

    def __init__(
        self,
        judge: SecondJudge,
        cloud: Cloud,
        evidence: Evidence,
        recorder: Recorder,
        refused: Callable[[str], None],
    ) -> None:
        self._judge = judge
        self._cloud = cloud
        self._evidence = evidence
        self._recorder = recorder
        self._refused = refused

    def answer(self, room: str, request: EscalationRequest) -> EscalationReply:
        """Judge again, ask, check; raises `Unavailable` when the cloud can't be reached."""
        verdict = self._judge.judge(request.query)
        if not isinstance(verdict, Cleared):
            return self._refuse(room, request, verdict)
        try:
            return self._ask(room, request, verdict)
        except VoiceAssistError:
            raise
        except Exception as error:  # noqa: BLE001 - its message may repeat the words: the type alone
            failure = type(error).__name__
            log.error("an escalation failed: %s", failure, extra={"room": room})  # noqa: TRY400 - (likewise)
            self._record(room, request, "failed", error=failure)
            raise Unavailable(
                "the hub failed at this question; tell IT, its log says at what"
            ) from None

    def _refuse(self, room: str, request: EscalationRequest, verdict: Held) -> EscalationReply:
        """Nothing leaves. Kinds, recognisers and reasons are told, never the words."""
        reasons = list(verdict.reasons) or ["error"]
        kinds = sorted({item.kind for item in verdict.items})
        by = sorted({item.by for item in verdict.items})
        self._refused(reasons[0])
        self._recorder.alarm(
            outcome=REFUSED,
            subject=room,
            detail={"turn": request.turn_id, "kinds": [*kinds], "by": [*by], "reasons": [*reasons]},
        )
        self._record(room, request, "refused", kinds=kinds, by=by, reasons=reasons)
        return EscalationReply(turn_id=request.turn_id, outcome="refused")

    def _ask(self, room: str, request: EscalationRequest, verdict: Cleared) -> EscalationReply:
        sources = self._sources(verdict)
        if not sources:
            self._record(room, request, "unsupported", sources=0)
            return EscalationReply(turn_id=request.turn_id, outcome="unsupported")
        self._record(room, request, "sending", model=self._cloud.model, sources=len(sources))
        try:
            text = self._cloud.complete(verdict, compose_prompt(verdict.text, sources))
        except Unavailable:
            self._record(room, request, "unavailable", model=self._cloud.model)
            raise
        return self._check(room, request, text, sources)

    def _check(
        self, room: str, request: EscalationRequest, text: str, sources: Sequence[Source]
    ) -> EscalationReply:
        written = [text[span.start : span.end] for span in sentences(text)]
        stood = [one for one in written if supported(one, sources)][:MOST_SENTENCES]
        outcome = "answered" if stood else "unsupported"
        self._record(room, request, outcome, written=len(written), stood=len(stood))
        return EscalationReply(
            turn_id=request.turn_id,
            outcome="answered" if stood else "unsupported",
            sentences=tuple(
                Sentence(text=one, kind="composed", sources=tuple(sources)) for one in stood
            ),
            sources=tuple(sources) if stood else (),
            model=self._cloud.model,
        )

    def _sources(self, query: Cleared) -> list[Source]:
        # the hub's own passages, not the room's: a request can't smuggle words out
        found = self._evidence.find(query.text, MOST_PASSAGES)
        return [_source(one) for one in found if one.strength >= WORTH_SENDING]

    def _record(
        self, room: str, request: EscalationRequest, outcome: str, **detail: int | str | list[str]
    ) -> None:
        self._recorder.record(
            action="escalation",
            outcome=outcome,
            subject=request.turn_id,
            actor=room,
            detail={key: list(v) if isinstance(v, list) else v for key, v in detail.items()},
        )


def _source(passage: Passage) -> Source:
    return Source(
        document=passage.document,
        version=passage.version,
        title=passage.title,
        place=passage.place,
        quote=passage.text,
        start=passage.start,
        end=passage.end,
    )
