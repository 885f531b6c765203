from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from sqlalchemy import text

from hub.audit.schemas import Filters
from hub.auth.service import AuthService, check_password, reference
from hub.auth.store import AuthStore
from hub.auth.tokens import AUDIENCE, Claims, Tokens
from hub.errors import BadField, Unauthorized
from hub.settings import SessionSettings

EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"
SECRET = b"s" * 32


async def _login(hub: Any, password: str = PASSWORD) -> Any:
    who = {"email": EMAIL, "password": password}
    return await hub.client.post("/api/v1/auth/login", json=who)


async def test_the_setup_code_makes_one_administrator_and_is_used_up(hub: Any, fail: Any) -> None:
    """Whoever finds the code later can do nothing with it."""
    code = hub.rooms.auth.issue_code()
    body = {"code": code.lower(), "email": EMAIL, "password": PASSWORD, "name": "Dana"}
    made = await hub.client.post("/api/v1/auth/setup", json=body)
    assert made.status_code == 201
    again = body | {"email": "eve@clinic.example"}
    fail(await hub.client.post("/api/v1/auth/setup", json=again), 409, "CONFLICT")
    assert hub.rooms.auth.issue_code(anew=True) is None


async def test_a_wrong_setup_code_makes_nobody(hub: Any, fail: Any) -> None:
    """Only the code that init printed opens the hub."""
    hub.rooms.auth.issue_code()
    body = {"code": "AAAA-AAAA-AAAA-AAAA", "email": EMAIL, "password": PASSWORD, "name": "Eve"}
    fail(await hub.client.post("/api/v1/auth/setup", json=body), 401, "UNAUTHORIZED")
    assert hub.rooms.auth.needs_setup()


async def test_the_setup_code_is_not_in_the_database(hub: Any) -> None:
    """A copy of the database does not give the hub away."""
    code = hub.rooms.auth.issue_code()
    with hub.rooms.database.read() as session:
        row = session.connection().exec_driver_sql("SELECT * FROM auth_setup").one()
    assert code not in str(row)
    assert code.replace("-", "") not in str(row)


def test_a_short_password_is_refused_with_its_reason() -> None:
    """The refusal says how long it must be, and what helps."""
    with pytest.raises(BadField, match="12 or more") as refused:
        check_password("Sh0rt!", EMAIL)
    assert refused.value.field == "password"
    with pytest.raises(BadField, match="first that is guessed"):
        check_password("aaaaaaaaaaaa", EMAIL)
    with pytest.raises(BadField, match="first that is guessed"):
        check_password(EMAIL.upper(), EMAIL)
    check_password(PASSWORD, EMAIL)


async def test_signing_in_and_out(hub: Any, fail: Any) -> None:
    """A token is good until its session is ended, and then no more."""
    headers = await hub.sign_in()
    me = await hub.client.get("/api/v1/auth/me", headers=headers)
    assert me.json()["data"]["email"] == EMAIL
    out = await hub.client.post("/api/v1/auth/logout", headers=headers)
    assert out.json()["success"] is True
    fail(await hub.client.get("/api/v1/auth/me", headers=headers), 401, "UNAUTHORIZED")


async def test_unknown_address_and_wrong_password_read_the_same(hub: Any, fail: Any) -> None:
    """Nobody learns from the answer which addresses have an account."""
    await hub.sign_in()
    wrong = fail(await _login(hub, "not this one at all"), 401, "UNAUTHORIZED")
    who = {"email": "eve@clinic.example", "password": PASSWORD}
    unknown = fail(await hub.client.post("/api/v1/auth/login", json=who), 401, "UNAUTHORIZED")
    assert wrong == unknown


async def test_attempts_are_limited_for_an_account(hub: Any, fail: Any) -> None:
    """Guessing ends after the allowed attempts, also with the right password."""
    await hub.sign_in()
    for _ in range(3):
        fail(await _login(hub, "not this one at all"), 401, "UNAUTHORIZED")
    answer = await _login(hub)
    fail(answer, 429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) > 0


async def test_sign_ins_are_in_the_audit_trail(hub: Any) -> None:
    """Who signed in, and who failed to, can be told later; no password is in it."""
    headers = await hub.sign_in()
    await _login(hub, "not this one at all")
    answer = await hub.client.get("/api/v1/audit", headers=headers)
    seen = [(one["action"], one["outcome"]) for one in answer.json()["data"]]
    assert seen[:3] == [
        ("administrator.sign_in", "refused"),
        ("administrator.sign_in", "done"),
        ("administrator.setup", "done"),
    ]
    assert "not this one" not in answer.text


async def test_a_person_is_in_the_trail_as_a_commitment(hub: Any) -> None:
    """The account's salt proves whom an entry speaks of; without it the id says nothing."""
    await hub.sign_in()
    account = hub.rooms.auth._store.by_email(EMAIL)
    found, _ = hub.rooms.audit.search(Filters(action="administrator.setup"), 0, 1)
    assert found[0].actor == account.id == reference(EMAIL, account.salt)
    assert reference(EMAIL, "0" * 32) != account.id
    with hub.rooms.database.write() as session:
        session.execute(text("DELETE FROM auth_users"))
    assert hub.rooms.audit.verify_all().ok, "erasure changes no proof"


def _token(**changes: Any) -> str:
    now = int(time.time())
    body = {"sub": "u", "jti": "j", "aud": AUDIENCE, "type": "access", "iat": now, "exp": now + 60}
    key = changes.pop("key", SECRET)
    algorithm = changes.pop("algorithm", "HS256")
    return jwt.encode(body | changes, key, algorithm=algorithm)


@pytest.mark.parametrize(
    "token",
    [
        _token(key=b"o" * 32),
        _token(key="", algorithm="none"),
        _token(algorithm="HS512", key=b"s" * 64),
        _token(aud="someone-else"),
        _token(type="page"),
        _token(exp=1),
        _token(exp="soon"),
        "x.y.z",
        "",
    ],
)
def test_a_token_that_is_not_exactly_ours_is_refused(token: str) -> None:
    """Another secret, algorithm, audience, kind or an ended time does not pass."""
    with pytest.raises(Unauthorized):
        Tokens(SECRET).check(token, "access", int(time.time()))


def test_a_token_of_ours_passes() -> None:
    """What is refused above is refused for its fault alone."""
    assert Tokens(SECRET).check(_token(), "access", int(time.time())).user == "u"


async def test_a_page_session_is_no_access_token(hub: Any, fail: Any) -> None:
    """A cookie that leaks can't be used on the API."""
    await hub.sign_in()
    token, _ = hub.container.doorkeeper.sign_in(EMAIL, PASSWORD, "here")
    headers = {"Authorization": f"Bearer {token}"}
    fail(await hub.client.get("/api/v1/auth/me", headers=headers), 401, "UNAUTHORIZED")


async def test_a_session_ends_by_itself(hub: Any) -> None:
    """After its minutes a session is over, though nobody signed out."""
    await hub.sign_in()
    auth = AuthService(
        AuthStore(hub.rooms.database),
        Tokens(hub.rooms.keys.session_secret),
        hub.rooms.audit,
        SessionSettings(),
        lambda: 4_000_000_000_000,
    )
    made = hub.rooms.auth.tokens.make(Claims("u", "j", 3_000_000_000), "access", 1)
    with pytest.raises(Unauthorized, match="ended"):
        auth.who(made, "access")
