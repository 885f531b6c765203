"""Accounts in the words of the people's room, and sign-in's parts put together."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from hub import caller, request_id
from hub.audit.service import AuditService
from hub.auth.accounts import Accounts
from hub.auth.factors import Factors
from hub.auth.oidc import Oidc
from hub.auth.ports import Site
from hub.auth.schemas import Email
from hub.auth.second_factor import Vault
from hub.auth.service import AuthService
from hub.auth.session_store import SessionStore
from hub.auth.sessions import Sessions
from hub.auth.store import Account, AuthStore
from hub.auth.tokens import Tokens
from hub.errors import BadField
from hub.http import Role
from hub.ports import Clock, Recorder
from hub.settings import HubSettings
from hub.storage.engine import Database
from hub.throttle import Throttle
from hub.users.schemas import Opened, State, UserView
from voiceassist.contract.canonical import Json

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class CallersTrail:
    """The audit trail, each entry with who called: address, program and the request's id."""

    def __init__(self, audit: AuditService) -> None:
        self._audit = audit

    def record(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> None:
        """Append an entry; durable on return."""
        self._audit.record(
            action=action,
            outcome=outcome,
            subject=subject,
            actor=actor,
            detail=detail | _called(),
        )

    def alarm(self, *, outcome: str, subject: str, detail: dict[str, Json]) -> None:
        """Append an entry that an administrator must see; durable on return."""
        self._audit.alarm(outcome=outcome, subject=subject, detail=detail | _called())


def _called() -> dict[str, Json]:
    who = caller.current()
    if who is None:
        return {}
    return {"address": who.address, "agent": who.agent, "request": request_id.current()}


def sign_in(
    settings: HubSettings,
    database: Database,
    secret: bytes,
    recorder: Recorder,
    site: Site,
    clock: Clock,
) -> tuple[AuthService, Accounts, Oidc]:
    """Sign-in, the accounts behind it, and the way by a provider."""
    store = AuthStore(database)
    factors = Factors(
        store,
        Vault(secret),
        recorder,
        clock,
        rule=settings.session.second_factor,
        issuer=f"VoiceAssist {settings.clinic}",
    )
    sessions = Sessions(
        SessionStore(database), Tokens(secret), settings.session, clock, enrolling=factors.owed
    )
    factors.changed = sessions.changed
    throttle = Throttle(settings.redis_url.get_secret_value())
    auth = AuthService(store, sessions, factors, recorder, throttle, settings.rates, site, clock)
    callback = f"{settings.url}/sign-in/returned"
    oidc = Oidc(
        settings.oidc, callback, secret, store, sessions, recorder, clock,
        demanded=factors.demanded,
    )  # fmt: skip
    return auth, Accounts(store, sessions, factors, clock), oidc


class People:
    """The people's room's directory is sign-in's accounts."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def listing(self, offset: int, limit: int) -> tuple[list[UserView], int]:
        """People by e-mail address, and how many there are."""
        found, total = self._accounts.listing(offset, limit)
        return [self._view(one) for one in found], total

    def get(self, user: str) -> UserView:
        """One person; raises `NotFound`."""
        return self._view(self._accounts.get(user))

    def create(self, email: str, name: str, role: Role) -> Opened:
        """A new account with its code; raises `Conflict` or `BadField`."""
        try:
            email = _EMAIL.validate_python(email)
        except ValidationError as error:
            raise BadField("email", "give a whole e-mail address") from error
        account, code = self._accounts.create(email, name, role)
        return Opened(user=self._view(account), code=code)

    def rename(self, user: str, name: str) -> UserView:
        """Change the name that others see."""
        return self._view(self._accounts.rename(user, name))

    def set_standing(self, user: str, role: Role, state: State) -> UserView:
        """Change role and state, signing the person out."""
        return self._view(self._accounts.set_standing(user, role, state))

    def reset(self, user: str) -> Opened:
        """Sign the person out, forget password and second factor; a new code."""
        code = self._accounts.reset(user)
        return Opened(user=self.get(user), code=code)

    def _view(self, account: Account) -> UserView:
        return UserView(
            id=account.id,
            email=account.email,
            name=account.name,
            role=Role(account.role),
            state=_STATE.validate_python(account.state),
            second_factor=self._accounts.enrolled(account),
            created_ms=account.created_ms,
        )


_STATE: TypeAdapter[State] = TypeAdapter(State)
