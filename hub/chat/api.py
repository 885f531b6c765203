"""`/api/v1/chat`: conversations, and answers that come as they are made."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response, StreamingResponse

from hub.chat.schemas import (
    ConversationView,
    Done,
    Event,
    Judged,
    MessageView,
    NewConversation,
    Question,
    Renaming,
    Said,
)
from hub.chat.service import Chat
from hub.envelope import Answer, failed, failure_of, internal_failure, ok
from hub.http import Asker, Paged, provided
from voiceassist.contract.speech import Transcript
from voiceassist.errors import VoiceAssistError

router = APIRouter(prefix="/chat/conversations", tags=["chat"])
log = logging.getLogger(__name__)

Service = Annotated[Chat, Depends(provided(Chat))]
Id = Annotated[str, Path(max_length=64)]
STREAM = "text/event-stream"
_STREAMED = {
    "description": "The answer: whole in the envelope, or as events where Accept asks for them",
    "content": {STREAM: {"schema": {"type": "string"}}},
}


@router.post("", status_code=HTTPStatus.CREATED)
def begin(
    person: Asker, chat: Service, body: NewConversation | None = None
) -> Answer[ConversationView]:
    """Begin a conversation."""
    return ok(chat.begin(person.id, (body and body.title) or ""))


@router.get("")
def list_conversations(person: Asker, chat: Service, page: Paged) -> Answer[list[ConversationView]]:
    """One's own conversations, the newest first."""
    found, total = chat.listing(person.id, page.offset, page.size)
    return ok(found, page.of(total))


@router.get("/{conversation}")
def get(conversation: Id, person: Asker, chat: Service) -> Answer[ConversationView]:
    """One of one's own conversations."""
    return ok(chat.get(conversation, person.id))


@router.patch("/{conversation}")
def rename(
    conversation: Id, body: Renaming, person: Asker, chat: Service
) -> Answer[ConversationView]:
    """Change its title."""
    return ok(chat.rename(conversation, person.id, body.title))


@router.delete("/{conversation}")
def delete(conversation: Id, person: Asker, chat: Service) -> Answer[None]:
    """Delete it with all that was said in it."""
    chat.delete(conversation, person.id)
    return ok(None)


@router.get("/{conversation}/messages")
def list_messages(
    conversation: Id, person: Asker, chat: Service, page: Paged
) -> Answer[list[MessageView]]:
    """What was said in it, the oldest first."""
    found, total = chat.messages(conversation, person.id, page.offset, page.size)
    return ok(found, page.of(total))


@router.post(
    "/{conversation}/messages",
    status_code=HTTPStatus.CREATED,
    response_model=Answer[MessageView],
    responses={HTTPStatus.CREATED: _STREAMED},
)
def ask(
    conversation: Id, body: Question, person: Asker, chat: Service, request: Request
) -> Answer[MessageView] | Response:
    """Ask. With `Accept: text/event-stream` the answer comes as it is made.

    Events: `verdict` {held, reasons, kinds, route}, `sentence` for each, then `done` with the
    envelope of the whole message, or `error` with that of what went wrong.
    """
    heard = Transcript(text=body.text, confidence=1.0)
    events = chat.ask(person.id, conversation, heard, body.route)
    first = next(events)  # what can't be asked at all is an answer of its own, not a stream
    if STREAM in request.headers.get("Accept", ""):
        return StreamingResponse(
            _stream(chain([first], events)),
            HTTPStatus.CREATED,
            {"X-Accel-Buffering": "no"},
            media_type=STREAM,
        )
    *_, last = events
    assert isinstance(last, Done)  # noqa: S101 - `ask` says so
    return ok(last.message)


def _stream(events: Iterator[Event]) -> Iterator[str]:
    try:
        for one in events:
            yield _event(one)
    except VoiceAssistError as error:
        yield _as_event("error", failed(failure_of(error)).model_dump(mode="json"))
    except Exception as error:  # noqa: BLE001 - the answer has begun: all that is left is to say so
        log.error("an answer failed: %s", type(error).__name__)  # noqa: TRY400 - its message may repeat words
        yield _as_event("error", failed(internal_failure()).model_dump(mode="json"))


def _event(event: Event) -> str:
    match event:
        case Judged(verdict, route):
            return _as_event("verdict", verdict.model_dump(mode="json") | {"route": route})
        case Said(sentence):
            return _as_event("sentence", sentence.model_dump(mode="json"))
        case Done(message):
            return _as_event("done", ok(message).model_dump(mode="json"))


def _as_event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
