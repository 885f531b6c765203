"""Setting up, checking and removing the second factor of an account."""

from __future__ import annotations

from collections.abc import Callable

from hub.auth import second_factor
from hub.auth.second_factor import Enrolment, Vault
from hub.auth.store import Account, AuthStore
from hub.errors import Conflict, InvalidCredentials, NotFound
from hub.http import Person, Role
from hub.ports import Clock, Recorder
from hub.settings import FactorRule

_PENDING = "?"  # before the sealed secret, until the app has shown that it has it


class Factors:
    """`rule` tells who must have one; `changed` is told of whose account changed."""

    def __init__(
        self,
        store: AuthStore,
        vault: Vault,
        recorder: Recorder,
        clock: Clock,
        *,
        rule: FactorRule,
        issuer: str,
    ) -> None:
        self._store = store
        self._vault = vault
        self._recorder = recorder
        self._clock = clock
        self._rule = rule
        self._issuer = issuer
        self.changed: Callable[[str], None] = lambda _user: None

    def enrolled(self, account: Account) -> bool:
        """Whether sign-in asks for a code."""
        return bool(account.totp) and not account.totp.startswith(_PENDING)

    def owed(self, account: Account) -> bool:
        """Whether the person must set one up before anything else.

        Who comes from an OpenID provider has shown theirs there: `Oidc` looks.
        """
        return self.demanded(account) and not account.subject and not self.enrolled(account)

    def demanded(self, account: Account) -> bool:
        """Whether the site wants a second factor of the person."""
        return self._rule == "everyone" or (
            self._rule == "administrators" and account.role == Role.ADMINISTRATOR
        )

    def begin(self, person: Person) -> Enrolment:
        """A new secret for the person's app; raises `Conflict` where one is in use."""
        account = self._account(person)
        if self.enrolled(account):
            raise Conflict("your second factor is set up; remove it first to set up another")
        secret = second_factor.new_secret()
        self._store.change(account.id, totp=_PENDING + self._vault.seal(secret), totp_step=0)
        return second_factor.enrolment(secret, account.email, self._issuer)

    def confirm(self, person: Person, code: str) -> tuple[str, ...]:
        """Switch it on once the app gives the right code; the recovery codes, shown once."""
        account = self._account(person)
        if not account.totp.startswith(_PENDING):
            raise Conflict("begin first: POST /api/v1/auth/second-factor")
        secret = self._vault.open(account.totp.removeprefix(_PENDING))
        step = second_factor.step_of(secret, code, self._clock() // 1000)
        if step is None:
            self._record("auth.second_factor_set", person.id, done=False)
            raise InvalidCredentials("wrong code; check the clock of your phone", "code")
        codes = second_factor.recovery_codes()
        self._store.change(
            account.id,
            totp=account.totp.removeprefix(_PENDING),
            totp_step=step,
            recovery=self._vault.hashed(codes),
        )
        self.changed(person.id)
        self._record("auth.second_factor_set", person.id, done=True)
        return codes

    def passes(self, account: Account, code: str) -> bool:
        """Whether `code` is the app's, or a recovery code; each is good once."""
        secret = self._vault.open(account.totp)
        step = second_factor.step_of(secret, code, self._clock() // 1000)
        if step is not None:
            return self._store.use_step(account.id, step)
        left = self._vault.without(account.recovery, code)
        if left is None or not self._store.swap_recovery(account.id, account.recovery, left):
            return False
        self._record("auth.recovery_code_used", account.id, done=True)
        return True

    def remove(self, person: Person, code: str) -> None:
        """Take it off; raises `InvalidCredentials` for a wrong code."""
        account = self._account(person)
        if not self.enrolled(account):
            raise NotFound("you have no second factor")
        if not self.passes(account, code):
            self._record("auth.second_factor_removed", person.id, done=False)
            raise InvalidCredentials("wrong code, or it was used before; take the next one", "code")
        self.clear(person.id)
        self._record("auth.second_factor_removed", person.id, done=True)

    def clear(self, user: str) -> None:
        """Forget an account's second factor."""
        self._store.change(user, totp="", totp_step=0, recovery="")
        self.changed(user)

    def _account(self, person: Person) -> Account:
        account = self._store.get(person.id)
        if account is None:
            raise NotFound("this account is gone")
        return account

    def _record(self, action: str, user: str, *, done: bool) -> None:
        self._recorder.record(
            action=action,
            outcome="done" if done else "refused",
            subject=user,
            actor=user,
            detail={},
        )
