from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest

from hub.auth.session_store import SessionStore
from hub.auth.sessions import Sessions
from hub.auth.tokens import Tokens
from hub.errors import TokenExpired, TokenRevoked
from hub.http import Person
from hub.settings import SessionSettings

EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"
_DAY_S = 86_400


async def _tokens(hub: Any) -> dict[str, Any]:
    who = {"email": EMAIL, "password": PASSWORD}
    return dict((await hub.client.post("/api/v1/auth/login", json=who)).json()["data"])


async def _me(hub: Any, token: str) -> Any:
    return await hub.client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})


async def _refresh(hub: Any, token: str) -> Any:
    return await hub.client.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def test_lives_are_as_told(hub: Any) -> None:
    """An access token is good for 15 minutes, a refresh token for seven days."""
    await hub.sign_in()
    got = await _tokens(hub)
    assert (got["expires_in"], got["refresh_expires_in"]) == (900, 7 * _DAY_S)
    assert got["token_type"] == "Bearer"


async def test_refreshing_goes_on_and_the_used_token_is_spent(hub: Any, fail: Any) -> None:
    """Each refresh gives new tokens of the same session; neither kind stands in for the other."""
    await hub.sign_in()
    first = await _tokens(hub)
    fail(await _refresh(hub, first["access_token"]), 401, "UNAUTHORIZED")
    fail(await _me(hub, first["refresh_token"]), 401, "UNAUTHORIZED")
    second = (await _refresh(hub, first["refresh_token"])).json()["data"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (await _me(hub, second["access_token"])).status_code == 200


async def test_a_refresh_token_used_twice_ends_its_whole_session(hub: Any, fail: Any) -> None:
    """A thief and the owner can't both go on: neither does, and the trail has it."""
    headers = await hub.sign_in()
    first = await _tokens(hub)
    second = (await _refresh(hub, first["refresh_token"])).json()["data"]
    assert (await _me(hub, second["access_token"])).status_code == 200
    fail(await _refresh(hub, first["refresh_token"]), 401, "TOKEN_REVOKED")
    fail(await _me(hub, second["access_token"]), 401, "TOKEN_REVOKED")
    fail(await _refresh(hub, second["refresh_token"]), 401, "TOKEN_REVOKED")
    assert (await hub.client.get("/api/v1/auth/me", headers=headers)).status_code == 200
    found = (await hub.client.get("/api/v1/audit?action=auth.refresh", headers=headers)).json()
    assert found["data"][0]["detail"]["why"] == "reused"


async def test_signing_out_ends_this_session_at_once(hub: Any, fail: Any) -> None:
    """After signing out neither token opens anything, and other sessions go on."""
    headers = await hub.sign_in()
    got = await _tokens(hub)
    mine = {"Authorization": f"Bearer {got['access_token']}"}
    assert (await hub.client.post("/api/v1/auth/logout", headers=mine)).json()["success"] is True
    fail(await _me(hub, got["access_token"]), 401, "TOKEN_REVOKED")
    fail(await _refresh(hub, got["refresh_token"]), 401, "TOKEN_REVOKED")
    assert (await hub.client.get("/api/v1/auth/me", headers=headers)).status_code == 200


async def test_signing_out_everywhere_ends_all(hub: Any, fail: Any) -> None:
    """Tokens and a browser's page: none is left."""
    headers = await hub.sign_in()
    got = await _tokens(hub)
    page, _ = hub.container.doorkeeper.sign_in(EMAIL, PASSWORD, "")
    await hub.client.post("/api/v1/auth/logout-everywhere", headers=headers)
    fail(await _me(hub, got["access_token"]), 401, "TOKEN_REVOKED")
    fail(await hub.client.get("/api/v1/auth/me", headers=headers), 401, "TOKEN_REVOKED")
    with pytest.raises(TokenRevoked):
        hub.container.doorkeeper.who(page)


async def test_ones_sessions_are_seen_and_ended_one_by_one(hub: Any, fail: Any) -> None:
    """A person sees where they are signed in, and ends one; nobody else's."""
    headers = await hub.sign_in()
    got = await _tokens(hub)
    listed = (await hub.client.get("/api/v1/auth/sessions", headers=headers)).json()["data"]
    (other,) = [one for one in listed if not one["current"]]
    assert other["address"] == "127.0.0.1"
    clinician = await hub.sign_in_as("clinician")
    path = f"/api/v1/auth/sessions/{other['id']}"
    fail(await hub.client.delete(path, headers=clinician), 404, "NOT_FOUND")
    assert (await _me(hub, got["access_token"])).status_code == 200
    assert (await hub.client.delete(path, headers=headers)).status_code == 200
    fail(await _me(hub, got["access_token"]), 401, "TOKEN_REVOKED")


async def test_who_is_deactivated_is_out_at_once(hub: Any, fail: Any) -> None:
    """A clinician who left holds tokens that open nothing."""
    headers = await hub.sign_in()
    clinician = await hub.sign_in_as("clinician")
    me = (await hub.client.get("/api/v1/users/me", headers=clinician)).json()["data"]
    body = {"state": "inactive"}
    await hub.client.patch(f"/api/v1/users/{me['id']}", json=body, headers=headers)
    fail(await hub.client.get("/api/v1/users/me", headers=clinician), 401, "TOKEN_REVOKED")


class Timed:
    """Sessions of their own over the hub's database, by a clock that the test sets."""

    def __init__(self, hub: Any) -> None:
        self.now_ms = 1_800_000_000_000
        self.account = hub.rooms.auth._store.by_email(EMAIL)
        self.sessions = self.another(hub)

    def another(self, hub: Any) -> Sessions:
        return Sessions(
            SessionStore(hub.rooms.database),
            Tokens(hub.rooms.keys.session_secret),
            SessionSettings(),
            lambda: self.now_ms,
            enrolling=lambda _account: False,
        )

    def later(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)

    def who(self, token: str) -> Person:
        return self.sessions.who(token, "access")


@pytest.fixture
async def timed(hub: Any) -> Timed:
    await hub.sign_in()
    return Timed(hub)


def test_an_access_token_runs_out(timed: Timed) -> None:
    """After its minutes it is over, and says that it ran out."""
    issued = timed.sessions.begin(timed.account, "token")
    timed.later(899)
    assert timed.who(issued.access).email == EMAIL
    timed.later(1)
    with pytest.raises(TokenExpired):
        timed.who(issued.access)


def test_a_session_can_be_renewed_for_thirty_days_and_no_longer(timed: Timed) -> None:
    """However often it is refreshed, a sign-in ends."""
    issued = timed.sessions.begin(timed.account, "token")
    for _ in range(5):
        timed.later(6 * _DAY_S - 1)
        _, issued = timed.sessions.refresh(issued.refresh)
    assert issued.refresh_s == 5
    timed.later(5)
    with pytest.raises(TokenExpired):
        timed.sessions.refresh(issued.refresh)


def test_an_unused_refresh_token_runs_out_in_seven_days(timed: Timed) -> None:
    """Who does not come back for a week signs in again."""
    issued = timed.sessions.begin(timed.account, "token")
    timed.later(7 * _DAY_S)
    with pytest.raises(TokenExpired):
        timed.sessions.refresh(issued.refresh)


def test_what_another_process_ended_is_over_within_a_second(hub: Any, timed: Timed) -> None:
    """A process that read the session just before believes it for one second, no longer."""
    issued = timed.sessions.begin(timed.account, "token")
    assert timed.who(issued.access)
    timed.another(hub).end_all(timed.account.id)
    timed.later(1)
    with pytest.raises(TokenRevoked):
        timed.who(issued.access)


def test_of_many_who_refresh_at_once_one_wins(timed: Timed) -> None:
    """A race for one refresh token gives one new token, and ends the session for all."""
    issued = timed.sessions.begin(timed.account, "token")
    won: list[str] = []

    def take() -> None:
        with suppress(TokenRevoked):
            won.append(timed.sessions.refresh(issued.refresh)[1].access)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    with pytest.raises(TokenRevoked):
        timed.who(won[0])
