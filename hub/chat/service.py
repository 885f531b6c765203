"""Typed questions, answered by the laws of a room.

Law: a question is judged before anything else; what is held is answered from the hub's own library
and goes no further. The entry of a turn is durable before its first sentence is given. What is said
is a passage of the library, or was checked against one. Words are kept in the conversation alone,
which is its owner's, and deleted after the days that the site sets.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from hub.chat.ports import Gate, Library, Outside
from hub.chat.schemas import (
    CitationView,
    ConversationView,
    Done,
    Event,
    Judged,
    MessageView,
    Route,
    Said,
    SentenceView,
    VerdictView,
    Wanted,
)
from hub.chat.store import ChatStore, Kept
from hub.errors import NotFound, PhiHeld
from hub.ports import Clock, Recorder
from voiceassist.contract.canonical import Json
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Verdict
from voiceassist.errors import Unavailable, VoiceAssistError
from voiceassist.knowledge.answers.answer import Answer, answer

T = TypeVar("T")

TURN = "chat.answered"
_PASSAGES = 8
_AWAY = Sentence(text="The cloud model could not be asked.", kind="notice")
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


class Chat:
    """Conversations and their answers."""

    def __init__(
        self,
        store: ChatStore,
        gate: Gate,
        library: Library,
        outside: Outside,
        recorder: Recorder,
        clock: Clock,
        *,
        keep_days: Callable[[], int],
    ) -> None:
        self._store = store
        self._gate = gate
        self._library = library
        self._outside = outside
        self._recorder = recorder
        self._clock = clock
        self._keep_days = keep_days
        self._expired_ms = 0

    def begin(self, user: str, title: str = "") -> ConversationView:
        """A new conversation."""
        return self._store.begin(str(uuid.uuid4()), user, title, self._clock())

    def listing(self, user: str, offset: int, limit: int) -> tuple[list[ConversationView], int]:
        """A person's conversations, the newest first, and how many there are."""
        return self._store.listing(user, offset, limit)

    def get(self, conversation: str, user: str) -> ConversationView:
        """One's own conversation; raises `NotFound`."""
        return self._kept(conversation, user).view

    def messages(
        self, conversation: str, user: str, offset: int, limit: int
    ) -> tuple[list[MessageView], int]:
        """Its messages, the oldest first, and how many there are; raises `NotFound`."""
        return _found(self._store.messages(conversation, user, offset, limit))

    def rename(self, conversation: str, user: str, title: str) -> ConversationView:
        """Change the title; raises `NotFound`."""
        return _found(self._store.rename(conversation, user, title))

    def delete(self, conversation: str, user: str) -> None:
        """Delete a conversation with all its messages; raises `NotFound`."""
        _found(self._store.delete(conversation, user) or None)
        self._record("chat.deleted", "done", conversation, user, {})

    def expire(self) -> None:
        """Delete what is older than the site keeps conversations; looks once an hour."""
        now_ms = self._clock()
        if abs(now_ms - self._expired_ms) < _HOUR_MS:
            return
        gone = self._store.expire(now_ms - self._keep_days() * _DAY_MS)
        self._expired_ms = now_ms
        if gone:
            self._record("chat.expired", "done", "", "hub", {"conversations": gone})

    def ask(
        self, user: str, conversation: str, heard: Transcript, wanted: Wanted = "auto"
    ) -> Iterator[Event]:
        """Judge, answer, keep; the events as they come, `Done` the last.

        Raises `NotFound`, `PhiHeld` where the cloud was demanded for what is held, `Unavailable`
        where it was and is away, or where the library can't be searched.
        """
        began = time.monotonic()
        kept = self._kept(conversation, user)
        verdict = self._gate.judge(heard, previous=_previous(kept))
        told = _told(verdict)
        turn = str(uuid.uuid4())
        # kept first: what follows on a held question is held, also where that one was refused
        question = self._message(conversation, "user", heard.text, verdict=told)
        _found(self._store.append(question, user) or None)
        route = self._route(verdict, wanted, turn, user, told)
        yield Judged(told, route)
        asked = without_items(heard.text, verdict)
        answered = self._looked_up(asked, turn, user, told)
        self._record(TURN, _outcome(answered), turn, user, _detail(told, route, answered, began))
        said = list[SentenceView]()
        for sentence in answered.sentences:
            said.append(_shown(sentence))
            yield Said(said[-1])
        if isinstance(verdict, Cleared) and route == "cloud":
            for sentence in self._composed(user, turn, verdict, wanted):
                said.append(_shown(sentence))
                yield Said(said[-1])
        message = self._message(
            conversation,
            "assistant",
            " ".join(one.text for one in said),
            route="cloud" if any(one.kind == "composed" for one in said) else "hub",
            found=answered.found,
            sentences=tuple(said),
        )
        _found(self._store.append(message, user) or None)
        yield Done(message)

    def _looked_up(self, asked: str, turn: str, user: str, told: VerdictView) -> Answer:
        try:
            return answer(asked, self._library.find(asked, _PASSAGES))
        except VoiceAssistError as error:
            self._record(TURN, "failed", turn, user, {"held": told.held, "code": error.code})
            raise

    def _route(
        self, verdict: Verdict, wanted: Wanted, turn: str, user: str, told: VerdictView
    ) -> Route:
        if wanted == "hub" or (wanted == "auto" and (verdict.held or not self._outside.open())):
            return "hub"
        if verdict.held:
            detail: dict[str, Json] = {"reasons": [*told.reasons], "kinds": [*told.kinds]}
            self._record(TURN, "held", turn, user, detail)
            raise PhiHeld(
                "this question may name a patient, so it stays on the hub; ask with route hub",
                [{"reason": one} for one in told.reasons],
            )
        if not self._outside.open():
            raise Unavailable("no cloud model may be asked here; ask with route hub")
        return "cloud"

    def _composed(self, user: str, turn: str, query: Cleared, wanted: Wanted) -> Sequence[Sentence]:
        try:
            return self._outside.ask(user, turn, query)
        except Unavailable:
            if wanted == "cloud":
                raise
            return (_AWAY,)

    def _kept(self, conversation: str, user: str) -> Kept:
        return _found(self._store.get(conversation, user))

    def _message(self, conversation: str, role: str, text: str, **more: object) -> MessageView:
        values = {"id": str(uuid.uuid4()), "conversation_id": conversation, "role": role} | more
        return MessageView.model_validate(values | {"text": text, "created_ms": self._clock()})

    def _record(
        self, action: str, outcome: str, subject: str, user: str, detail: dict[str, Json]
    ) -> None:
        self._recorder.record(
            action=action, outcome=outcome, subject=subject, actor=user, detail=detail
        )


def without_items(text: str, verdict: Verdict) -> str:
    """The question without what may identify a person, which no library knows anything of."""
    kept, end = list[str](), 0
    for item in sorted(verdict.items, key=lambda one: one.start):
        kept.append(text[end : item.start])
        end = max(end, item.end)
    asked = " ".join("".join([*kept, text[end:]]).split())
    return asked or text


def _found(value: T | None) -> T:
    if value is None:
        raise NotFound("you have no such conversation; GET /api/v1/chat/conversations lists yours")
    return value


def _previous(kept: Kept) -> Verdict | None:
    """What the turn before says of this one: a follow-up on what was held is held."""
    last = kept.last
    if last is None or last.verdict is None or not last.verdict.held:
        return None
    return Held("", reasons=last.verdict.reasons)


def _told(verdict: Verdict) -> VerdictView:
    kinds = tuple(sorted({item.kind for item in verdict.items}))
    return VerdictView(held=verdict.held, reasons=verdict.reasons, kinds=kinds)


def _outcome(answered: Answer) -> str:
    return "answered" if answered.found else "nothing_found"


def _detail(told: VerdictView, route: Route, answered: Answer, began: float) -> dict[str, Json]:
    return {
        "route": route,
        "held": told.held,
        "reasons": [*told.reasons],
        "kinds": [*told.kinds],
        "found": answered.found,
        "sources": [f"{one.document}@{one.version}" for one in answered.sources],
        "ms": {"answer": round((time.monotonic() - began) * 1000)},
    }


def _shown(sentence: Sentence) -> SentenceView:
    return SentenceView(
        text=sentence.text,
        kind=sentence.kind,
        citations=tuple(
            CitationView(
                document_id=one.document,
                version=one.version,
                title=one.title,
                place=one.place,
                quote=one.quote,
                start=one.start,
                end=one.end,
            )
            for one in sentence.sources
        ),
    )
