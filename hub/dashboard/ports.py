"""What the pages ask of the rest of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from hub.dashboard.schemas import (
    Alarms,
    DocumentLine,
    EditionLine,
    Library,
    ReviewSheet,
    RoomLine,
    RouteLine,
    TrailLine,
    TrailState,
)
from hub.http import Person


class Desk(Protocol):
    """What an administrator sees and does. Errors are `VoiceAssistError`s."""

    clinic: str

    def rooms(self) -> Sequence[RoomLine]:
        """All rooms by name."""

    def routes(self) -> Sequence[RouteLine]:
        """Turns by route, the most frequent first."""

    def library(self) -> Library:
        """The library in a few figures."""

    def trail_state(self) -> TrailState:
        """Whether the audit trail holds."""

    def trail(self, offset: int, limit: int, *, alarms: bool) -> Sequence[TrailLine]:
        """Audit entries, newest first; `alarms` leaves out all others."""

    def alarms(self) -> Alarms:
        """What an administrator must look at."""

    def documents(self) -> Sequence[DocumentLine]:
        """Documents by title."""

    def add_document(self, name: str, data: bytes, actor: str) -> tuple[str, bool]:
        """Take in a file; its title, and whether it is new."""

    def remove_document(self, document: str, actor: str) -> None:
        """Leave a document out of later editions."""

    def document(self, document: str) -> DocumentLine:
        """One document."""

    def review(self, document: str) -> ReviewSheet:
        """What keeps a document back."""

    def release_document(self, document: str, version: int, actor: str) -> None:
        """Let the version that was looked at into later editions."""

    def describe_document(self, document: str, said: Mapping[str, str], actor: str) -> None:
        """Set what is said of a document; an empty word takes back to what its file says."""

    def editions(self) -> Sequence[EditionLine]:
        """The newest editions, newest first."""

    def publish(self, actor: str) -> int:
        """Publish all that is indexed; the new version."""


class Doorkeeper(Protocol):
    """Sign-in for pages."""

    def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""

    def set_up(self, code: str, email: str, password: str, name: str) -> None:
        """Make the first administrator."""

    def redeem(self, code: str, email: str, password: str) -> None:
        """Set a person's password by a one-time code."""

    def sign_in(self, email: str, password: str, code: str) -> tuple[str, int]:
        """A session's token and its life in seconds."""

    def has_provider(self) -> bool:
        """Whether people may sign in at a provider of the site's."""

    def depart(self) -> tuple[str, str]:
        """Where to send the browser to sign in there, and the cookie it must bring back."""

    def arrive(self, cookie: str, state: str, code: str) -> tuple[str, int]:
        """A session's token and its life in seconds, for who comes back from there."""

    def begin_factor(self, person: Person) -> tuple[str, str]:
        """A new secret for the person's authenticator app, and its QR code as SVG."""

    def confirm_factor(self, person: Person, code: str) -> Sequence[str]:
        """Switch the second factor on; the recovery codes."""

    def who(self, token: str) -> Person:
        """Whose session it is; raises `Unauthorized`."""

    def sign_out(self, person: Person) -> None:
        """End the session."""

    def csrf(self, person: Person) -> str:
        """What a form of this session must carry."""

    def csrf_holds(self, person: Person, offered: str) -> bool:
        """Whether a form came from a page of this session."""
