"""Signing in at the hospital's own provider (OpenID Connect, authorization code with PKCE).

Law: what the browser brings back is believed only where it is the answer to what this browser was
sent with (state, in a cookie that no script sees), the provider signed it for this hub, for this
one sign-in (nonce), now. A person is known by the provider's subject; by an e-mail address only
where the provider says that it is verified, and never into an account that has a password.
Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 9700.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.auth.second_factor import fernet
from hub.auth.service import new_account
from hub.auth.sessions import Issued, Sessions
from hub.auth.store import Account, AuthStore
from hub.errors import Forbidden, InvalidCredentials
from hub.http import Person, Role
from hub.ports import Clock, Recorder
from hub.settings import OidcSettings
from voiceassist.errors import Unavailable

_LASTS_S = 600
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_SECOND = {"mfa", "otp", "hwk", "sms", "swk"}  # RFC 8176's words for more than a password
_RANK = (Role.ADMINISTRATOR, Role.IT, Role.AUDITOR, Role.CLINICIAN)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and what it must bring back in a cookie."""

    url: str
    cookie: str = field(repr=False)


class Oidc:
    """One provider. Thread-safe. `client` makes HTTP clients, whose transport a test sets."""

    def __init__(
        self,
        settings: OidcSettings,
        callback: str,
        secret: bytes,
        store: AuthStore,
        sessions: Sessions,
        recorder: Recorder,
        clock: Clock,
        *,
        demanded: Callable[[Account], bool],
        transport: Callable[[], httpx.BaseTransport | None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._callback = callback
        self._box = Fernet(fernet(secret, b"voiceassist openid"))
        self._store = store
        self._sessions = sessions
        self._recorder = recorder
        self._clock = clock
        self._demanded = demanded
        self._transport = transport
        self._known: Mapping[str, Any] | None = None
        self._lock = threading.Lock()

    @property
    def on(self) -> bool:
        """Whether the site has a provider."""
        return bool(self._settings.issuer)

    def depart(self) -> Departure:
        """Begin a sign-in; raises `Unavailable` where the provider is away, `Forbidden` without."""
        if not self.on:
            raise Forbidden("this hub has no OpenID provider; sign in with a password")
        verifier, nonce, state = (secrets.token_urlsafe(48) for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._callback,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        url = str(httpx.URL(self._about()["authorization_endpoint"], params=query))
        kept = json.dumps({"state": state, "nonce": nonce, "verifier": verifier})
        return Departure(url, self._box.encrypt_at_time(kept.encode(), self._now_s()).decode())

    def arrive(self, cookie: str, state: str, code: str) -> tuple[Person, Issued]:
        """End it with a page's session; raises `InvalidCredentials`, `Forbidden`, `Unavailable`."""
        kept = self._kept(cookie, state)
        claims = self._claims(code, kept["verifier"], kept["nonce"])
        account = self._account(claims)
        if account is None or not account.active:
            self._record("refused", account.id if account else "")
            raise Forbidden("you have no account here; ask an administrator")
        if self._demanded(account) and not self._shown(claims):
            self._record("refused", account.id)
            raise Forbidden("your role needs a second factor, and the provider asked for none")
        issued = self._sessions.begin(account, "page")
        self._record("done", account.id)
        return Person(account.id, account.email, account.name, Role(account.role)), issued

    def _kept(self, cookie: str, state: str) -> Mapping[str, str]:
        try:
            sealed = self._box.decrypt_at_time(cookie.encode(), _LASTS_S, self._now_s())
        except InvalidToken as error:
            raise InvalidCredentials("this sign-in took too long; begin again") from error
        kept: Mapping[str, str] = json.loads(sealed)
        if not secrets.compare_digest(kept["state"].encode(), state.encode()):
            self._record("refused", "")
            raise InvalidCredentials("this is the answer to another sign-in; begin again")
        return kept

    def _claims(self, code: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": verifier,
        }
        identity = (self._settings.client_id, self._settings.secret())
        about = self._about()
        try:
            with self._client() as client:
                told = client.post(about["token_endpoint"], data=form, auth=identity)
                keys = client.get(about["jwks_uri"]).raise_for_status().json()
            token = told.json()["id_token"]
            read = jwt.decode(token, KeySet.import_key_set(keys), _ALGORITHMS)
            claims = CodeIDToken(read.claims, read.header, self._wanted(nonce), {"nonce": nonce})
            claims.validate(now=self._now_s(), leeway=60)
        except httpx.HTTPError as error:
            raise Unavailable("the OpenID provider can't be reached; try again") from error
        except (AuthlibBaseError, JoseError, KeyError, ValueError) as error:
            self._record("refused", "")
            raise InvalidCredentials("the provider's answer does not hold; begin again") from error
        return read.claims

    def _shown(self, claims: Mapping[str, Any]) -> bool:
        """Whether a second factor was shown there: the provider says so, or the site knows it."""
        told = claims.get("amr")
        ways = set(told) if isinstance(told, list) else set()
        return self._settings.second_factor or bool(ways & _SECOND)

    def _wanted(self, nonce: str) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "exp": {"essential": True},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }

    def _account(self, claims: Mapping[str, Any]) -> Account | None:
        subject = f"{claims['iss']} {claims['sub']}"[:500]
        role = self._role(claims)
        known = self._store.by_subject(subject)
        if known is not None:
            if role is not None and known.role != role and known.active:
                changed = self._store.change_unless_last(known.id, role.value, known.state)
                if changed is not None:  # else the last administrator, who stays one
                    self._sessions.end_all(known.id)
                return changed or known
            return known
        email = str(claims.get("email", "")).lower()
        if not email or claims.get("email_verified") is not True:
            return None
        known = self._store.by_email(email)
        if known is not None:  # one that an administrator made and nobody has opened yet
            fresh = not known.password_hash and not known.subject
            return self._store.change(known.id, subject=subject) if fresh else None
        if role is None:
            return None
        name = str(claims.get("name") or email)[:120]
        made = new_account(email, name, role, self._clock(), subject=subject)
        return made if self._store.add(made) else None

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        """The first role, by rank, that one of the person's groups stands for."""
        groups = claims.get(self._settings.groups_claim)
        named = {groups} if isinstance(groups, str) else set(groups or ())
        given = {role for group, role in self._settings.roles.items() if group in named}
        return next((role for role in _RANK if role.value in given), None)

    def _about(self) -> Mapping[str, Any]:
        """The provider's own description, asked for once."""
        with self._lock:
            if self._known is None:
                where = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                try:
                    with self._client() as client:
                        answer = client.get(where)
                        answer.raise_for_status()
                    known = answer.json()
                except (httpx.HTTPError, ValueError) as error:
                    raise Unavailable(
                        "the OpenID provider can't be reached; check oidc.issuer in hub.toml"
                    ) from error
                if known.get("issuer") != self._settings.issuer:
                    raise Unavailable("the OpenID provider names another issuer; check oidc.issuer")
                self._known = known
            return self._known

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=10, transport=self._transport())

    def _record(self, outcome: str, user: str) -> None:
        self._recorder.record(
            action="auth.openid", outcome=outcome, subject=user, actor=user or "unknown", detail={}
        )

    def _now_s(self) -> int:
        return self._clock() // 1000
