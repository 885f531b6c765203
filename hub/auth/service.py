"""Who may administer the hub.

Law: a session is good only while its row stands, so signing out ends it at once, everywhere.
Every sign-in, failed or not, is in the audit trail. Unknown address and wrong password are
told apart by nobody: same words, same work.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from functools import cached_property

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from hub.auth.schemas import LoginRequest, SetupRequest
from hub.auth.store import Account, AuthStore
from hub.auth.tokens import Claims, Issued, Kind, Tokens
from hub.errors import BadField, Conflict, TooMany, Unauthorized
from hub.http import Person
from hub.ports import Clock, Recorder
from hub.settings import SessionSettings

SHORTEST_PASSWORD = 12
_CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 letters, none mistaken for another
_WRONG = "wrong e-mail address or password; try again"


class AuthService:
    """Setup, sign-in and sessions."""

    def __init__(
        self,
        store: AuthStore,
        tokens: Tokens,
        recorder: Recorder,
        settings: SessionSettings,
        clock: Clock,
    ) -> None:
        self._store = store
        self.tokens = tokens
        self._recorder = recorder
        self._settings = settings
        self._clock = clock
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_account = parse(settings.login_limit)
        self._per_address = parse(settings.address_limit)

    def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""
        return not self._store.any_account()

    def names(self) -> dict[str, str]:
        """Administrators' names by the ids that the audit trail has."""
        return self._store.names()

    def issue_code(self, *, anew: bool = False) -> str | None:
        """A new setup code; None where one already waits, unless `anew`, or none is needed."""
        if not self.needs_setup() or (self._store.has_code() and not anew):
            return None
        code = "-".join("".join(secrets.choice(_CODE_ALPHABET) for _ in range(4)) for _ in range(4))
        self._store.set_code(_code_hash(code), self._clock())
        return code

    def set_up(self, request: SetupRequest, address: str) -> Person:
        """Make the first administrator; raises `Unauthorized`, `BadField` or `Conflict`."""
        self._limit(self._per_address, "setup", address)
        if not self.needs_setup():
            raise Conflict("this hub is set up already; sign in instead")
        check_password(request.password, request.email)
        salt, email = secrets.token_hex(16), request.email.lower()
        account = Account(
            id=reference(email, salt),
            email=email,
            name=request.name,
            password_hash=self._hasher.hash(request.password),
            salt=salt,
            created_ms=self._clock(),
        )
        done = self._store.redeem(_code_hash(request.code), account)
        self._record("administrator.setup", account.id if done else "", done=done)
        if not done:
            raise Unauthorized(
                "wrong setup code; `voiceassist hub init --new-code` on the hub prints a new one"
            )
        return _person(account)

    def sign_in(self, request: LoginRequest, kind: Kind, address: str) -> Issued:
        """Check the password and begin a session; raises `Unauthorized` or `TooMany`."""
        email = request.email.lower()
        self._limit(self._per_address, "login", address)
        self._limit(self._per_account, "account", email)
        account = self._store.by_email(email)
        known = account.password_hash if account else self._nobodys_hash
        good, stronger = self._hasher.verify_and_update(request.password, known)
        if account is None or not good:
            self._record("administrator.sign_in", account.id if account else "", done=False)
            raise Unauthorized(_WRONG)
        if stronger:
            self._store.set_password_hash(account.id, stronger)
        issued = self._begin(account, kind)
        self._record("administrator.sign_in", account.id, done=True)
        return issued

    def who(self, token: str, kind: Kind) -> Person:
        """Whose session a token is of; raises `Unauthorized`."""
        now_s = self._now_s()
        claims = self.tokens.check(token, kind, now_s)
        account = self._store.by_session(claims.jti, now_s)
        if account is None or account.id != claims.user:
            raise Unauthorized("this session was ended; sign in again")
        return _person(account, claims.jti)

    def sign_out(self, person: Person) -> None:
        """End the session that `person` calls with."""
        self._store.end_session(person.session)
        self._record("administrator.sign_out", person.id, done=True)

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    def _begin(self, account: Account, kind: Kind) -> Issued:
        minutes = self._settings.token_minutes if kind == "access" else self._settings.page_minutes
        now_s = self._now_s()
        claims = Claims(account.id, str(uuid.uuid4()), now_s + minutes * 60)
        self._store.open_session(claims.jti, account.id, claims.expires_s, now_s)
        return Issued(self.tokens.make(claims, kind, now_s), claims, minutes * 60)

    def _limit(self, limit: RateLimitItem, what: str, key: str) -> None:
        if not self._limiter.hit(limit, what, key):
            raise TooMany("too many attempts; wait a minute and try again")

    def _record(self, action: str, user: str, *, done: bool) -> None:
        self._recorder.record(
            action=action,
            outcome="done" if done else "refused",
            subject=user,
            actor=user or "unknown",
            detail={},
        )

    def _now_s(self) -> int:
        return self._clock() // 1000


def reference(email: str, salt: str) -> str:
    """What stands for a person in the audit trail: a commitment, 32 hexadecimal digits.

    While the account is kept its salt proves whom an entry speaks of; once it is erased nothing
    does, and the entry with all its proofs stays as it is.
    """
    return hashlib.sha256(f"{salt}\0{email}".encode()).hexdigest()[:32]


def check_password(password: str, email: str) -> None:
    """Raises `BadField` saying what is wrong. Length only: NIST SP 800-63B, 3.1.1.2."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadField(
            "password",
            f"the password has {len(password)} characters; take {SHORTEST_PASSWORD} or more, "
            "such as four words: length protects better than symbols",
        )
    if password.lower() in {email.lower(), password[0].lower() * len(password)}:
        raise BadField("password", "this password is the first that is guessed; take another")


def _code_hash(code: str) -> str:
    # 80 random bits need no slow hash
    plain = "".join(code.upper().split()).replace("-", "")
    return hashlib.sha256(plain.encode()).hexdigest()


def _person(account: Account, session: str = "") -> Person:
    return Person(account.id, account.email, account.name, session=session)
