"""Who may use the hub.

Law: every attempt, failed or not, is in the audit trail. An unknown address, a wrong password and
an account that is not active are told apart by nobody: same words, same work. Registering tells
nobody whether an address has an account.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from hub import caller
from hub.auth.factors import Factors
from hub.auth.passwords import LONGEST, assess
from hub.auth.ports import Site
from hub.auth.schemas import LoginRequest, RedeemRequest, RegisterRequest, SetupRequest
from hub.auth.second_factor import random_code
from hub.auth.session_store import SessionKind
from hub.auth.sessions import Issued, Reused, Sessions
from hub.auth.store import Account, AuthStore, State
from hub.errors import Conflict, Forbidden, InvalidCredentials, WeakPassword
from hub.http import Person, Role
from hub.ports import Clock, Recorder
from hub.settings import RateSettings
from hub.throttle import Throttle
from voiceassist.contract.canonical import Json

_WRONG = "wrong e-mail address or password; try again"
_MOST_HASHING = 2  # each takes 64 MiB


class AuthService:
    """Setup, registration, sign-in, passwords."""

    def __init__(
        self,
        store: AuthStore,
        sessions: Sessions,
        factors: Factors,
        recorder: Recorder,
        throttle: Throttle,
        rates: RateSettings,
        site: Site,
        clock: Clock,
    ) -> None:
        self._store = store
        self.sessions = sessions
        self.factors = factors
        self._recorder = recorder
        self._throttle = throttle
        self._rates = rates
        self._site = site
        self._clock = clock
        self._hasher = PasswordHash((Argon2Hasher(), BcryptHasher()))
        self._hashing = threading.BoundedSemaphore(_MOST_HASHING)

    def close(self) -> None:
        """Close what counts attempts."""
        self._throttle.close()

    def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""
        return not self._store.any_administrator()

    def names(self) -> dict[str, str]:
        """People's names by the ids that the audit trail has."""
        return self._store.names()

    def issue_code(self, *, anew: bool = False) -> str | None:
        """A new setup code; None where one already waits, unless `anew`, or none is needed."""
        if not self.needs_setup() or (self._store.has_code() and not anew):
            return None
        code = one_time_code()
        self._store.set_code(code_hash(code), self._clock())
        return code

    def set_up(self, request: SetupRequest) -> Person:
        """Make the first administrator; raises `InvalidCredentials`, `WeakPassword`, `Conflict`."""
        self._limit(self._rates.registration, "setup")
        if not self.needs_setup():
            raise Conflict("this hub is set up already; sign in instead")
        self.check_password("password", request.password, request.email, request.name)
        account = self._new(request.email, request.name, Role.ADMINISTRATOR, request.password)
        done = self._store.redeem_setup(code_hash(request.code), account)
        self._record("auth.setup", account.id if done else "", done=done)
        if not done:
            raise InvalidCredentials(
                "wrong setup code; `voiceassist hub init --new-code` on the hub prints a new one"
            )
        return _person(account)

    def register(self, request: RegisterRequest) -> None:
        """Ask for an account, which waits for an administrator; raises `Forbidden` where closed."""
        self._limit(self._rates.registration, "register", request.email)
        if not self._site.registration_open():
            self._record("auth.register", "", done=False)
            raise Forbidden("this hub takes no registrations; ask an administrator for an account")
        self.check_password("password", request.password, request.email, request.name)
        account = self._new(
            request.email, request.name, Role.CLINICIAN, request.password, state="pending"
        )
        added = self._store.add(account)
        self._record("auth.register", account.id if added else "", done=added)

    def redeem(self, request: RedeemRequest) -> None:
        """Set a password by a one-time code; raises `InvalidCredentials` or `WeakPassword`."""
        email = request.email.lower()
        self._limit(self._rates.login, "redeem", email)
        hashed_code, now_s = code_hash(request.code), self._clock() // 1000
        # the code first: a reason against a password may tell of the person whose account it is
        owner, done = self._store.owner_of(hashed_code, email, now_s), None
        if owner is not None:
            self.check_password("password", request.password, email, owner.name)
            hashed = self._hash(request.password)
            done = self._store.redeem(hashed_code, email, hashed, now_s)
        self._record("auth.redeem", done.id if done else "", done=done is not None)
        if done is None:
            raise InvalidCredentials(
                "this code is not of this address, or was used, or ran out; ask for another", "code"
            )
        self.sessions.end_all(done.id)

    def sign_in(self, request: LoginRequest, kind: SessionKind) -> tuple[Person, Issued]:
        """Check what was given and begin a session; raises `Unauthorized` or `TooMany`."""
        email = request.email.lower()
        self._limit(self._rates.login, "login", email)
        account = self._store.by_email(email)
        if not self._password_is(account, request.password) or account is None:
            self._record("auth.sign_in", account.id if account else "", done=False)
            raise InvalidCredentials(_WRONG)
        if self.factors.enrolled(account):
            self._check_factor(account, request.code)
        issued = self.sessions.begin(account, kind)
        self._record("auth.sign_in", account.id, done=True)
        return _person(account, enrolling=self.factors.owed(account)), issued

    def refresh(self, token: str) -> Issued:
        """The next tokens of a session; raises `Unauthorized` or `TooMany`."""
        self._limit(self._rates.refresh, "refresh")
        try:
            user, issued = self.sessions.refresh(token)
        except Reused as error:
            self._record("auth.refresh", error.user, done=False, why="reused")
            raise
        self._record("auth.refresh", user, done=True)
        return issued

    def sign_out(self, person: Person) -> None:
        """End the session that `person` calls with."""
        self.sessions.end(person.session, person.id)
        self._record("auth.sign_out", person.id, done=True)

    def sign_out_everywhere(self, person: Person) -> int:
        """End all of a person's sessions; how many."""
        ended = self.sessions.end_all(person.id)
        self._record("auth.sign_out_everywhere", person.id, done=True, sessions=ended)
        return ended

    def end_session(self, person: Person, session: str) -> None:
        """End one session of one's own; raises `NotFound`."""
        self.sessions.end(session, person.id)
        self._record("auth.session_ended", person.id, done=True)

    def change_password(self, person: Person, current: str, new: str) -> None:
        """Set a new password and end the other sessions; raises as `sign_in`, or `WeakPassword`."""
        self.confirm(person, current, "current_password")
        self.check_password("new_password", new, person.email, person.name)
        self._store.change(person.id, password_hash=self._hash(new))
        ended = self.sessions.end_all(person.id, keep=person.session)
        self._record("auth.password_changed", person.id, done=True, sessions=ended)

    def confirm(self, person: Person, password: str, field: str = "password") -> None:
        """Check the password of who calls once more; raises `InvalidCredentials` or `TooMany`."""
        self._limit(self._rates.login, "login", person.email)
        if not self._password_is(self._store.get(person.id), password):
            self._record("auth.confirm", person.id, done=False)
            raise InvalidCredentials("wrong password; try again", field)

    def check_password(self, field: str, password: str, email: str, name: str) -> None:
        """Raises `WeakPassword` with all that speaks against a new password."""
        kinds = self._site.password_kinds()
        judged = assess(password, email=email, name=name, kinds=kinds)
        if not judged.good:
            raise WeakPassword(field, judged.reasons)

    def _check_factor(self, account: Account, code: str) -> None:
        if not code:
            raise InvalidCredentials("give the code of your authenticator app", "code")
        self._throttle.hit(self._rates.code, "code", account.id)
        if not self.factors.passes(account, code):
            self._record("auth.second_factor", account.id, done=False)
            raise InvalidCredentials("wrong code, or it was used before; take the next one", "code")

    def _password_is(self, account: Account | None, password: str) -> bool:
        known = account.password_hash if account and account.password_hash else self._nobodys_hash
        offered = password if len(password) <= LONGEST else ""
        with self._hashing:
            good, stronger = self._hasher.verify_and_update(offered, known)
        if account is None or not good or not account.active or not account.password_hash:
            return False
        if stronger:
            self._store.change(account.id, password_hash=stronger)
        return True

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(password)

    def _new(
        self, email: str, name: str, role: Role, password: str, state: State = "active"
    ) -> Account:
        return new_account(
            email, name, role, self._clock(), password_hash=self._hash(password), state=state
        )

    def _limit(self, limit: str, what: str, *accounts: str) -> None:
        who = caller.current()
        self._throttle.hit(limit, what, who.network if who else "local")
        for account in accounts:
            self._throttle.hit(limit, f"{what} account", account)

    def _record(self, action: str, user: str, *, done: bool, **detail: Json) -> None:
        self._recorder.record(
            action=action,
            outcome="done" if done else "refused",
            subject=user,
            actor=user or "unknown",
            detail=detail,
        )


def new_account(
    email: str,
    name: str,
    role: Role,
    now_ms: int,
    *,
    password_hash: str = "",
    state: State = "active",
    subject: str = "",
) -> Account:
    """An account with an id of its own."""
    salt = secrets.token_hex(16)
    return Account(
        id=reference(email, salt),
        email=email,
        name=name,
        role=str(role),
        state=state,
        created_ms=now_ms,
        password_hash=password_hash,
        salt=salt,
        subject=subject,
    )


def reference(email: str, salt: str) -> str:
    """What stands for a person in the audit trail: a commitment, 32 hexadecimal digits.

    While the account is kept its salt proves whom an entry speaks of; once it is erased nothing
    does, and the entry with all its proofs stays as it is.
    """
    return hashlib.sha256(f"{salt}\0{email}".encode()).hexdigest()[:32]


def one_time_code() -> str:
    """80 random bits as four groups of four."""
    return random_code(4, 4)


def code_hash(code: str) -> str:
    """What is kept of a one-time code: its 80 random bits need no slow hash."""
    plain = "".join(code.upper().split()).replace("-", "")
    return hashlib.sha256(plain.encode()).hexdigest()


def _person(account: Account, *, enrolling: bool = False) -> Person:
    return Person(account.id, account.email, account.name, Role(account.role), enrolling=enrolling)
