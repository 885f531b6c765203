"""Gathers from the rooms what the administrator's pages show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from hub.analytics.service import Analytics
from hub.auth.oidc import Oidc
from hub.auth.schemas import LoginRequest, RedeemRequest, SetupRequest
from hub.auth.service import AuthService
from hub.dashboard.schemas import (
    Alarms,
    DocumentLine,
    EditionLine,
    FindingLine,
    Library,
    ReviewSheet,
    RoomLine,
    RouteLine,
    TrailLine,
    TrailState,
)
from hub.documents.schemas import DocumentView
from hub.documents.service import DocumentService
from hub.editions.schemas import EditionView
from hub.editions.service import EditionService
from hub.errors import BadField
from hub.fleet.schemas import RoomView
from hub.fleet.service import FleetService
from hub.http import Person


class Trail(Protocol):
    """The audit trail as the pages need it."""

    def state(self) -> TrailState:
        """Whether it holds."""

    def lines(self, offset: int, limit: int, *, alarms: bool) -> Sequence[TrailLine]:
        """Entries, newest first; `alarms` leaves out all others."""

    def alarms(self) -> Alarms:
        """The alarms of the last days."""


class HubDesk:
    """What an administrator sees and does."""

    def __init__(
        self,
        clinic: str,
        documents: DocumentService,
        editions: EditionService,
        fleet: FleetService,
        analytics: Analytics,
        trail: Trail,
    ) -> None:
        self.clinic = clinic
        self._documents = documents
        self._editions = editions
        self._fleet = fleet
        self._analytics = analytics
        self._trail = trail

    def rooms(self) -> list[RoomLine]:
        """All rooms by name."""
        return [_room_line(view) for view in self._fleet.listing()]

    def routes(self) -> list[RouteLine]:
        """Turns by route."""
        shares = self._analytics.routes()
        return [RouteLine(one.route, one.turns, one.per_mille) for one in shares]

    def library(self) -> Library:
        """The library in a few figures."""
        newest = self._editions.listing(0, 1)
        return Library(
            current=_edition_line(newest[0]) if newest else None,
            indexed=len(self._documents.serving()),
            waiting=self._documents.waiting(),
            unpublished=self._editions.unpublished(),
            problem=self._editions.problem(),
        )

    def trail_state(self) -> TrailState:
        """Whether the audit trail holds."""
        return self._trail.state()

    def trail(self, offset: int, limit: int, *, alarms: bool) -> Sequence[TrailLine]:
        """Audit entries, newest first; `alarms` leaves out all others."""
        return self._trail.lines(offset, limit, alarms=alarms)

    def alarms(self) -> Alarms:
        """What an administrator must look at."""
        return self._trail.alarms()

    def documents(self) -> list[DocumentLine]:
        """Documents by title."""
        return [_document_line(view) for view in self._documents.listing()]

    def add_document(self, name: str, data: bytes, actor: str) -> tuple[str, bool]:
        """Take in a file; its title, and whether it is new."""
        added = self._documents.add(name, data, actor)
        return added.document.title, added.new

    def remove_document(self, document: str, actor: str) -> None:
        """Leave a document out of later editions."""
        self._documents.remove(document, actor)

    def review(self, document: str) -> ReviewSheet:
        """What keeps a document back."""
        found = self._documents.reviews.of(document)
        lines = [FindingLine(**one.model_dump()) for one in found.findings]
        return ReviewSheet(found.document, found.title, found.version, found.problem, tuple(lines))

    def release_document(self, document: str, version: int, actor: str) -> None:
        """Let the version that was looked at into later editions."""
        self._documents.reviews.release(document, actor, version)

    def describe_document(self, document: str, said: Mapping[str, str], actor: str) -> None:
        """Set what is said of a document; an empty word takes back to what its file says."""
        line = self.document(document)
        words = {field: word.strip() for field, word in said.items()}
        given = {
            field: word or None for field, word in words.items() if word != getattr(line, field)
        }
        self._documents.describe(document, given, actor)

    def document(self, document: str) -> DocumentLine:
        """One document."""
        return _document_line(self._documents.get(document))

    def editions(self) -> list[EditionLine]:
        """The newest editions."""
        return [_edition_line(view) for view in self._editions.listing(0, 50)]

    def publish(self, actor: str) -> int:
        """Publish all that is indexed."""
        return self._editions.publish(actor).version


class HubDoor:
    """Sign-in for pages, over the same accounts as the API's."""

    def __init__(self, auth: AuthService, oidc: Oidc) -> None:
        self._auth = auth
        self._oidc = oidc

    def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""
        return self._auth.needs_setup()

    def set_up(self, code: str, email: str, password: str, name: str) -> None:
        """Make the first administrator; raises `BadField` for what a form can't hold."""
        try:
            request = SetupRequest(code=code, email=email, password=password, name=name)
        except ValueError as error:
            raise BadField("email", "give a name and a whole e-mail address") from error
        self._auth.set_up(request)

    def redeem(self, code: str, email: str, password: str) -> None:
        """Set a person's password by a one-time code; raises `BadField` likewise."""
        try:
            request = RedeemRequest(code=code, email=email, password=password)
        except ValueError as error:
            raise BadField("code", "give the code, your e-mail address and a password") from error
        self._auth.redeem(request)

    def sign_in(self, email: str, password: str, code: str) -> tuple[str, int]:
        """A session's token and its life in seconds."""
        try:
            request = LoginRequest(email=email, password=password, code=code)
        except ValueError as error:
            raise BadField("email", "give a whole e-mail address") from error
        _, issued = self._auth.sign_in(request, "page")
        return issued.access, issued.access_s

    def has_provider(self) -> bool:
        """Whether people may sign in at a provider of the site's."""
        return self._oidc.on

    def depart(self) -> tuple[str, str]:
        """Where to send the browser to sign in there, and the cookie it must bring back."""
        departure = self._oidc.depart()
        return departure.url, departure.cookie

    def arrive(self, cookie: str, state: str, code: str) -> tuple[str, int]:
        """A session's token and its life in seconds, for who comes back from there."""
        _, issued = self._oidc.arrive(cookie, state, code)
        return issued.access, issued.access_s

    def begin_factor(self, person: Person) -> tuple[str, str]:
        """A new secret for the person's authenticator app, and its QR code as SVG."""
        made = self._auth.factors.begin(person)
        return made.secret, made.qr

    def confirm_factor(self, person: Person, code: str) -> tuple[str, ...]:
        """Switch the second factor on; the recovery codes."""
        return self._auth.factors.confirm(person, code)

    def who(self, token: str) -> Person:
        """Whose session it is."""
        return self._auth.sessions.who(token, "page")

    def sign_out(self, person: Person) -> None:
        """End the session."""
        self._auth.sign_out(person)

    def csrf(self, person: Person) -> str:
        """What a form of this session must carry."""
        return self._auth.sessions.tokens.csrf(person.session)

    def csrf_holds(self, person: Person, offered: str) -> bool:
        """Whether a form came from a page of this session."""
        return self._auth.sessions.tokens.csrf_holds(person.session, offered)


def detail_text(detail: object) -> str:
    """An entry's detail for a person; nothing where it holds nothing."""
    return json.dumps(detail, indent=1, ensure_ascii=False) if detail else ""


def _room_line(view: RoomView) -> RoomLine:
    state = view.state
    status: Literal["ready", "degraded", "offline", "never seen"]
    status = state.status if state else "never seen"
    return RoomLine(
        name=view.room,
        status=status,
        edition=state.edition if state else 0,
        release=state.release if state else "",
        turns=state.turns if state else 0,
        owed=state.owed if state else 0,
        seen_ms=view.seen_ms,
        problems=state.problems if state else (),
    )


def _edition_line(view: EditionView) -> EditionLine:
    return EditionLine(
        version=view.version,
        created_ms=view.created_s * 1000,
        expires_ms=view.expires_s * 1000,
        documents=view.documents,
        passages=view.passages,
    )


def _document_line(view: DocumentView) -> DocumentLine:
    return DocumentLine(
        id=view.id,
        title=view.title,
        name=view.name,
        version=view.version,
        serving=view.serving,
        passages=view.passages,
        added_ms=view.added_ms,
        state=view.job.state,
        progress=view.job.progress,
        error=view.job.error,
        attempts=view.job.attempts,
        held=view.held,
        findings=view.findings,
        source=view.source,
        specialty=view.specialty,
        effective=view.effective.isoformat() if view.effective else "",
        review=view.review.isoformat() if view.review else "",
        superseded_by=view.superseded_by,
        notes=view.notes,
    )
