"""The voice socket's ports, answered by sign-in, chat and the trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hub.auth.sessions import Sessions
from hub.chat import schemas as chat
from hub.chat.service import Chat
from hub.errors import Forbidden
from hub.http import Person
from hub.ports import Recorder
from hub.voice.schemas import Done, Event, Judged, Sentence
from voiceassist.contract.speech import Transcript


class SignedIn:
    """Who talks is who signed in."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def who(self, token: str) -> Person:
        """Whose access token it is; raises `Unauthorized`."""
        return self._sessions.who(token, "access")

    def who_page(self, cookie: str) -> Person:
        """Whose page's session it is; raises `Unauthorized`."""
        return self._sessions.who(cookie, "page")


class Chatting:
    """A spoken question is one of a conversation, as a typed one is."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def ask(self, person: Person, transcript: Transcript, conversation: str) -> Iterator[Event]:
        """The events of an answer as they come."""
        conversation = conversation or self._chat.begin(person.id).id
        for event in self._chat.ask(person.id, conversation, transcript):
            yield _told(event)


class Opening:
    """Whether the site lets browsers talk, and the trail."""

    def __init__(self, allowed: Callable[[], bool], recorder: Recorder) -> None:
        self._allowed = allowed
        self._recorder = recorder

    def __call__(self, person: Person) -> None:
        """Note that a person talks, durably; raises `Forbidden` where the site has it off."""
        allowed = self._allowed()
        self._record(person, "done" if allowed else "refused")
        if not allowed:
            raise Forbidden("an administrator has switched voice off for this site")

    def _record(self, person: Person, outcome: str) -> None:
        self._recorder.record(
            action="voice.opened", outcome=outcome, subject=person.id, actor=person.id, detail={}
        )


def _told(event: chat.Event) -> Event:
    match event:
        case chat.Judged(verdict, route):
            return Judged(verdict.held, verdict.reasons, route)
        case chat.Said(said):
            first = said.citations[0] if said.citations else None
            return Sentence(
                said.text, said.kind, first.title if first else "", first.place if first else ""
            )
        case chat.Done(message):
            return Done(message.id, message.conversation_id, message.route or "hub")
