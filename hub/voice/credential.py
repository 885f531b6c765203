"""Whether the one who talks may still do so.

Law: doubt ends the connection: a token that ended, was revoked, or can't be looked up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hub.envelope import Failure, failure_of
from hub.errors import Forbidden, Unauthorized
from hub.http import Allowed, Person, Role
from hub.voice.line import FAILED, FORBIDDEN, UNKNOWN, Hangup

_TALKERS = Allowed(Role.ADMINISTRATOR, Role.IT, Role.CLINICIAN)
_PATIENCE_S = 5.0

Look = Callable[[], Person]


class Credential:
    """A token or cookie, which `look` looks up. `person` is known after the first check."""

    person: Person

    def __init__(self, look: Look, now_s: Callable[[], float]) -> None:
        self._look = look
        self._now_s = now_s
        self._lock = asyncio.Lock()  # a token that ends is not looked up while a newer one comes

    async def check(self) -> Person:
        """Raises `Hangup` unless the person may talk."""
        try:
            async with self._lock:
                self.person = await self._looked_up(self._look)
        except Unauthorized as error:
            raise Hangup(UNKNOWN, failure_of(error)) from error
        except Forbidden as error:
            raise Hangup(FORBIDDEN, failure_of(error)) from error
        except Exception as error:
            raise Hangup(FAILED, _UNSURE) from error
        return self.person

    async def renew(self, look: Look) -> None:
        """Go on with a newer token of the same person; raises `Unauthorized` or `Forbidden`."""
        async with self._lock:
            person = await self._looked_up(look)
            if person.id != self.person.id:
                raise Forbidden("this token is another person's; open a connection of your own")
            if person.expires_s < self.person.expires_s:
                raise Unauthorized("this token ends before the one in use; send the newest")
            self._look, self.person = look, person

    async def _looked_up(self, look: Look) -> Person:
        async with asyncio.timeout(_PATIENCE_S):
            person = await asyncio.to_thread(look)
        if 0 < person.expires_s <= self._now_s():
            raise _Expired("the sign-in has ended; sign in again")
        _TALKERS.check(person)
        return person


class _Expired(Unauthorized):
    code = "TOKEN_EXPIRED"


_UNSURE = Failure(
    code="UNAVAILABLE", message="the hub can't check who calls at the moment; connect again"
)
