"""Sessions: what a sign-in begins.

Law: a session is good only while its row stands. Each process may go by what it read for up to a
second, no longer, so that what ends a session anywhere is in effect everywhere within one; in the
process that ended it, at once. A refresh token is good once: used again, it ends its session, since
somebody has a copy.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Protocol

from hub import caller
from hub.auth.session_store import Session, SessionKind, SessionStore
from hub.auth.store import Account
from hub.auth.tokens import Claims, Kind, Tokens
from hub.errors import NotFound, TokenRevoked
from hub.http import Person, Role
from hub.ports import Clock
from hub.settings import SessionSettings

_GOOD_FOR_MS = 1000
_MOST_KEPT = 10_000
_ENDED = "this session was ended; sign in again"


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens as handed out, with their lives in seconds; a page's session is not refreshed."""

    access: str = field(repr=False)
    access_s: int
    refresh: str = field(default="", repr=False)
    refresh_s: int = 0


class Reused(TokenRevoked):
    """A refresh token came a second time; `user` is whose session that ended."""

    def __init__(self, user: str) -> None:
        super().__init__("this refresh token was used before, so its session was ended; sign in")
        self.user = user


class Enrolled(Protocol):
    """Whether a person still owes their second factor."""

    def __call__(self, account: Account) -> bool:
        """True while nothing else is allowed."""


class Sessions:
    """Opens, checks, refreshes and ends sessions. Thread-safe."""

    def __init__(
        self,
        store: SessionStore,
        tokens: Tokens,
        settings: SessionSettings,
        clock: Clock,
        *,
        enrolling: Enrolled,
    ) -> None:
        self._store = store
        self.tokens = tokens
        self._settings = settings
        self._clock = clock
        self._enrolling = enrolling
        self._known: dict[str, tuple[Account, int]] = {}
        self._endings = 0
        self._lock = threading.Lock()

    def begin(self, account: Account, kind: SessionKind) -> Issued:
        """Open a session of the current caller."""
        now_s = self._now_s()
        until_s = now_s + self._settings.absolute_days * 86_400
        lasts_s = (
            self._settings.page_minutes * 60
            if kind == "page"
            else self._settings.refresh_days * 86_400
        )
        who = caller.current() or caller.Caller("local", "")
        session = Session(
            id=str(uuid.uuid4()),
            user_id=account.id,
            kind=kind,
            refresh=str(uuid.uuid4()) if kind == "token" else "",
            created_s=now_s,
            last_s=now_s,
            expires_s=min(now_s + lasts_s, until_s),
            until_s=until_s,
            address=who.address[:64],
            agent=who.agent,
        )
        self._store.open(session, now_s)
        return self._issue(session, now_s)

    def refresh(self, token: str) -> tuple[str, Issued]:
        """Whose session it is, and its next tokens; raises `Unauthorized`, `Reused` for a copy."""
        now_s = self._now_s()
        claims = self.tokens.check(token, "refresh", now_s)
        if (account := self._store.owner(claims.session, now_s)) is None or not account.active:
            raise TokenRevoked(_ENDED)
        expires_s = now_s + self._settings.refresh_days * 86_400
        after = str(uuid.uuid4())
        session = self._store.rotate(claims.session, claims.jti, after, now_s, expires_s)
        if session == "gone":
            raise TokenRevoked(_ENDED)
        if session == "reused":
            self._forget(claims.session)
            raise Reused(claims.user)
        return claims.user, self._issue(session, now_s)

    def known(self, token: str, kind: Kind) -> Person | None:
        """Whose session it is where that was read within the last second; raises `Unauthorized`."""
        claims = self.tokens.check(token, kind, self._now_s())
        with self._lock:
            kept = self._known.get(claims.session)
        if kept is None or not 0 <= self._clock() - kept[1] < _GOOD_FOR_MS:
            return None
        return self._person(kept[0], claims)

    def who(self, token: str, kind: Kind) -> Person:
        """Whose session it is; raises `Unauthorized`."""
        if person := self.known(token, kind):
            return person
        now_ms, endings = self._clock(), self._endings
        claims = self.tokens.check(token, kind, now_ms // 1000)
        account = self._store.owner(claims.session, now_ms // 1000)
        if account is None or account.id != claims.user or not account.active:
            raise TokenRevoked(_ENDED)
        with self._lock:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            if endings == self._endings:  # else what was read may be of before an ending
                self._known[claims.session] = account, now_ms
        return self._person(account, claims)

    def listing(self, user: str) -> list[Session]:
        """A person's sessions, the newest first."""
        return self._store.of(user, self._now_s())

    def end(self, session: str, user: str) -> None:
        """End one session; raises `NotFound` where it is not that person's."""
        ended = self._store.end(session, user)
        self._forget(session)
        if not ended:
            raise NotFound("there is no such session; GET /api/v1/auth/sessions lists yours")

    def end_all(self, user: str, keep: str = "") -> int:
        """End all of a person's sessions but `keep`; how many."""
        ended = self._store.end_all(user, keep)
        self._forget(*ended, keep)  # what was kept is read anew: the account may have changed
        return len(ended)

    def changed(self, user: str) -> None:
        """The account changed: what is known of its sessions is read anew."""
        self._forget(*(one.id for one in self.listing(user)))

    def _forget(self, *sessions: str) -> None:
        with self._lock:
            self._endings += 1
            for one in sessions:
                self._known.pop(one, None)

    def _issue(self, session: Session, now_s: int) -> Issued:
        if session.kind == "page":
            claims = Claims(session.user_id, session.id, session.id, session.expires_s)
            return Issued(self.tokens.make(claims, "page", now_s), session.expires_s - now_s)
        ends_s = min(now_s + self._settings.access_minutes * 60, session.expires_s)
        access = Claims(session.user_id, session.id, str(uuid.uuid4()), ends_s)
        refresh = Claims(session.user_id, session.id, session.refresh, session.expires_s)
        return Issued(
            self.tokens.make(access, "access", now_s),
            ends_s - now_s,
            self.tokens.make(refresh, "refresh", now_s),
            session.expires_s - now_s,
        )

    def _person(self, account: Account, claims: Claims) -> Person:
        return Person(
            account.id,
            account.email,
            account.name,
            Role(account.role),
            session=claims.session,
            expires_s=claims.expires_s,
            enrolling=self._enrolling(account),
        )

    def _now_s(self) -> int:
        return self._clock() // 1000
