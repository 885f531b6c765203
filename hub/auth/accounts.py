"""Accounts as administrators keep them.

Law: there is always an active administrator. Who loses their role, or is deactivated, is signed out
at once. Nobody learns another's password: a one-time code lets its owner set it.
"""

from __future__ import annotations

from hub.auth.factors import Factors
from hub.auth.service import code_hash, new_account, one_time_code
from hub.auth.sessions import Sessions
from hub.auth.store import Account, AuthStore, State
from hub.errors import Conflict, NotFound
from hub.http import Role
from hub.ports import Clock

_CODE_S = 3 * 24 * 3600


class Accounts:
    """Makes, changes and finds accounts; recording who did it is the caller's."""

    def __init__(
        self, store: AuthStore, sessions: Sessions, factors: Factors, clock: Clock
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._factors = factors
        self._clock = clock

    def listing(self, offset: int, limit: int) -> tuple[list[Account], int]:
        """Accounts by e-mail address, and how many there are."""
        return self._store.listing(offset, limit)

    def get(self, user: str) -> Account:
        """One account; raises `NotFound`."""
        account = self._store.get(user)
        if account is None:
            raise NotFound("there is no such user; GET /api/v1/users lists them")
        return account

    def enrolled(self, account: Account) -> bool:
        """Whether a second factor is set up."""
        return self._factors.enrolled(account)

    def create(self, email: str, name: str, role: Role) -> tuple[Account, str]:
        """A new account and the code by which its owner sets a password; raises `Conflict`."""
        account = new_account(email, name, role, self._clock())
        if not self._store.add(account):
            raise Conflict("this address has an account already")
        return account, self._code(account.id)

    def rename(self, user: str, name: str) -> Account:
        """Change the name that others see."""
        self.get(user)
        self._store.change(user, name=name)
        self._sessions.changed(user)
        return self.get(user)

    def set_standing(self, user: str, role: Role, state: State) -> Account:
        """Change role and state; raises `Conflict` where no administrator would be left."""
        before = self.get(user)
        after = self._store.change_unless_last(user, role.value, state)
        if after is None:
            raise Conflict("this is the last active administrator; make another one first")
        if (before.role, before.state) != (after.role, after.state):
            self._sessions.end_all(user)
        return after

    def reset(self, user: str) -> str:
        """End all sessions, forget password and second factor; the code that opens it again."""
        account = self.get(user)
        self._store.change(account.id, password_hash="")
        self._factors.clear(account.id)
        self._sessions.end_all(account.id)
        return self._code(account.id)

    def _code(self, user: str) -> str:
        code = one_time_code()
        self._store.invite(user, code_hash(code), self._clock() // 1000 + _CODE_S)
        return code
