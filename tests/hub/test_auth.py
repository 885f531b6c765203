from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy import text

from hub.audit.schemas import Filters
from hub.auth.service import reference
from hub.auth.tokens import AUDIENCE, Tokens
from hub.errors import Unauthorized

EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"
SECRET = b"s" * 32
REQUEST = "3f2b8a44-3c0e-4b0e-9d43-08dbb3f7b0aa"


async def _login(hub: Any, password: str = PASSWORD, email: str = EMAIL) -> Any:
    who = {"email": email, "password": password}
    return await hub.client.post("/api/v1/auth/login", json=who)


async def test_the_setup_code_makes_one_administrator_and_is_used_up(hub: Any, fail: Any) -> None:
    """Whoever finds the code later can do nothing with it."""
    code = hub.rooms.auth.issue_code()
    body = {"code": code.lower(), "email": EMAIL, "password": PASSWORD, "name": "Dana"}
    made = await hub.client.post("/api/v1/auth/setup", json=body)
    assert made.status_code == 201
    assert made.json()["data"]["role"] == "administrator"
    again = body | {"email": "eve@clinic.example"}
    fail(await hub.client.post("/api/v1/auth/setup", json=again), 409, "CONFLICT")
    assert hub.rooms.auth.issue_code(anew=True) is None


async def test_a_wrong_setup_code_makes_nobody(hub: Any, fail: Any) -> None:
    """Only the code that init printed opens the hub."""
    hub.rooms.auth.issue_code()
    body = {"code": "AAAA-AAAA-AAAA-AAAA", "email": EMAIL, "password": PASSWORD, "name": "Eve"}
    fail(await hub.client.post("/api/v1/auth/setup", json=body), 401, "INVALID_CREDENTIALS")
    assert hub.rooms.auth.needs_setup()


async def test_the_setup_code_is_not_in_the_database(hub: Any) -> None:
    """A copy of the database does not give the hub away."""
    code = hub.rooms.auth.issue_code()
    with hub.rooms.database.read() as session:
        row = session.connection().exec_driver_sql("SELECT * FROM auth_setup").one()
    assert code not in str(row)
    assert code.replace("-", "") not in str(row)


async def test_unknown_wrong_and_inactive_read_the_same(hub: Any, fail: Any) -> None:
    """Nobody learns from the answer which addresses have an account, or which were closed."""
    await hub.sign_in()
    await hub.sign_in_as("clinician")
    person = hub.rooms.auth._store.by_email("clinician@clinic.example")
    hub.rooms.auth._store.change(person.id, state="inactive")
    answers = [
        await _login(hub, "not this one at all"),
        await _login(hub, email="eve@clinic.example"),
        await _login(hub, email="clinician@clinic.example"),
    ]
    errors = [fail(one, 401, "INVALID_CREDENTIALS") for one in answers]
    assert errors[0] == errors[1] == errors[2]


async def test_unknown_addresses_cost_the_same_work(hub: Any, monkeypatch: Any) -> None:
    """Time tells nothing: the password is hashed once whether or not there is an account."""
    await hub.sign_in()
    worked: list[str] = []
    hasher = hub.rooms.auth._hasher
    verify = hasher.verify_and_update
    monkeypatch.setattr(
        hasher, "verify_and_update", lambda word, known: worked.append(known) or verify(word, known)
    )
    await _login(hub, "not this one at all")
    await _login(hub, "not this one at all", email="eve@clinic.example")
    assert len(worked) == 2
    assert {known.split("$")[3] for known in worked} == {"m=8,t=1,p=1"}


async def test_registering_is_closed_unless_the_site_opens_it(hub: Any, fail: Any) -> None:
    """Nobody makes an account by themselves at a clinic that did not say so."""
    body = {"email": "new@clinic.example", "password": "seven loud purple kettles", "name": "New"}
    fail(await hub.client.post("/api/v1/auth/register", json=body), 403, "FORBIDDEN")


async def test_who_registers_waits_for_an_administrator(hub: Any, fail: Any) -> None:
    """A new account, a second try and a taken address are answered alike, and open nothing."""
    headers = await hub.sign_in()
    change = {"version": 0, "registration": True}
    await hub.client.patch("/api/v1/admin/settings", json=change, headers=headers)
    body = {"email": "new@clinic.example", "password": "seven loud purple kettles", "name": "New"}
    answers = [
        await hub.client.post("/api/v1/auth/register", json=one)
        for one in (body, body, body | {"email": EMAIL})
    ]
    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["data"]["message"] for one in answers}) == 1
    fail(await _login(hub, body["password"], body["email"]), 401, "INVALID_CREDENTIALS")
    people = (await hub.client.get("/api/v1/users", headers=headers)).json()["data"]
    (new,) = [one for one in people if one["state"] == "pending"]
    path = f"/api/v1/users/{new['id']}"
    let_in = await hub.client.patch(path, json={"state": "active"}, headers=headers)
    assert let_in.json()["data"]["role"] == "clinician"
    assert (await _login(hub, body["password"], body["email"])).status_code == 200
    assert (await _login(hub)).status_code == 200, "the taken address keeps its own password"


@pytest.mark.parametrize("email", ["none", "a@", "a b@c.example", "@c.example", "a@b..c"])
async def test_what_is_no_address_is_named(hub: Any, fail: Any, email: str) -> None:
    """The refusal names the field and does not repeat what was written."""
    code = hub.rooms.auth.issue_code()
    body = {"code": code, "email": email, "password": PASSWORD, "name": "Dana"}
    error = fail(await hub.client.post("/api/v1/auth/setup", json=body), 422, "VALIDATION_ERROR")
    assert error["field"] == "email"
    assert "e-mail" in error["message"]


async def test_sign_ins_are_in_the_trail_with_who_called(hub: Any) -> None:
    """Who signed in, from where, with what, and who failed to; no password is in it."""
    headers = await hub.sign_in()
    await hub.client.post(
        "/api/v1/auth/login",
        json={"email": EMAIL, "password": "not this one at all"},
        headers={
            "User-Agent": "Exam\x7froom",
            "X-Request-ID": "3f2b8a44-3c0e-4b0e-9d43-08dbb3f7b0aa",
        },
    )
    answer = await hub.client.get("/api/v1/audit", headers=headers)
    seen = [(one["action"], one["outcome"]) for one in answer.json()["data"]]
    assert seen[:3] == [
        ("auth.sign_in", "refused"),
        ("auth.sign_in", "done"),
        ("auth.setup", "done"),
    ]
    detail = answer.json()["data"][0]["detail"]
    assert detail["agent"] == "Exam?room"
    assert detail["request"] == REQUEST
    assert detail["address"] == "127.0.0.1"
    assert "not this one" not in answer.text


async def test_a_person_is_in_the_trail_as_a_commitment(hub: Any) -> None:
    """The account's salt proves whom an entry speaks of; without it the id says nothing."""
    await hub.sign_in()
    account = hub.rooms.auth._store.by_email(EMAIL)
    found, _ = hub.rooms.audit.search(Filters(action="auth.setup"), 0, 1)
    assert found[0].actor == account.id == reference(EMAIL, account.salt)
    assert reference(EMAIL, "0" * 32) != account.id
    with hub.rooms.database.write() as session:
        session.execute(text("DELETE FROM auth_users"))
    assert hub.rooms.audit.verify_all().ok, "erasure changes no proof"


async def test_an_old_bcrypt_hash_opens_once_and_is_made_stronger(hub: Any) -> None:
    """Accounts brought along from elsewhere keep their passwords."""
    await hub.sign_in()
    account = hub.rooms.auth._store.by_email(EMAIL)
    old = BcryptHasher(rounds=4).hash(PASSWORD)
    hub.rooms.auth._store.change(account.id, password_hash=old)
    assert (await _login(hub, "not this one at all")).status_code == 401
    assert hub.rooms.auth._store.by_email(EMAIL).password_hash == old
    assert (await _login(hub)).status_code == 200
    assert hub.rooms.auth._store.by_email(EMAIL).password_hash.startswith("$argon2id$")


async def test_a_changed_password_ends_the_other_sessions(hub: Any, fail: Any) -> None:
    """Whoever else is signed in with the old password is out at once; the caller stays."""
    headers = await hub.sign_in()
    other = (await _login(hub)).json()["data"]["access_token"]
    new = "nine brisk copper lanterns"
    body = {"current_password": "not this one at all", "new_password": new}
    path = "/api/v1/auth/password"
    wrong = fail(
        await hub.client.post(path, json=body, headers=headers), 401, "INVALID_CREDENTIALS"
    )
    assert wrong["field"] == "current_password"
    weak = body | {"current_password": PASSWORD, "new_password": "password1234"}
    fail(await hub.client.post(path, json=weak, headers=headers), 422, "WEAK_PASSWORD")
    body["current_password"] = PASSWORD
    assert (await hub.client.post(path, json=body, headers=headers)).status_code == 200
    assert (await hub.client.get("/api/v1/auth/me", headers=headers)).status_code == 200
    gone = await hub.client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {other}"})
    fail(gone, 401, "TOKEN_REVOKED")
    assert (await _login(hub)).status_code == 401
    assert (await _login(hub, new)).status_code == 200


async def test_a_code_opens_its_own_account_once(hub: Any, fail: Any) -> None:
    """A code handed over sets one password of one address, once, within its days."""
    account, code = hub.rooms.accounts.create("new@clinic.example", "New", "clinician")
    body = {"code": code, "email": "eve@clinic.example", "password": "nine brisk copper lanterns"}
    path = "/api/v1/auth/redeem"
    fail(await hub.client.post(path, json=body), 401, "INVALID_CREDENTIALS")
    body["email"] = account.email
    assert (await hub.client.post(path, json=body)).status_code == 200
    fail(await hub.client.post(path, json=body), 401, "INVALID_CREDENTIALS")
    late = hub.rooms.accounts.reset(account.id)
    with hub.rooms.database.write() as session:
        session.execute(text("UPDATE auth_codes SET expires_s = 1"))
    fail(await hub.client.post(path, json=body | {"code": late}), 401, "INVALID_CREDENTIALS")


def _token(**changes: Any) -> str:
    now = int(time.time())
    body: dict[str, Any] = {"sub": "u", "sid": "s", "jti": "j", "aud": AUDIENCE, "type": "access"}
    body |= {"iat": now, "exp": now + 60}
    key = changes.pop("key", SECRET)
    algorithm = changes.pop("algorithm", "HS256")
    headers = changes.pop("headers", None)
    merged = {name: value for name, value in (body | changes).items() if value is not None}
    return jwt.encode(merged, key, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize(
    "token",
    [
        _token(key=b"o" * 32),
        _token(key="", algorithm="none"),
        _token(algorithm="HS512", key=b"s" * 64),
        _token(key=b"o" * 32, headers={"kid": "../../dev/null"}),
        _token(key=b"o" * 32, headers={"jku": "https://evil.example/keys.json"}),
        _token(key=b"o" * 32, headers={"jwk": {"kty": "oct", "k": "b28"}}),
        _token(aud="someone-else"),
        _token(type="page"),
        _token(type="refresh"),
        _token(jti=None),
        _token(sid=None),
        _token(exp=1),
        _token(exp="soon"),
        _token(exp=None),
        _token(sub=["u"]),
        "x.y.z",
        "",
        "a" * 100_000,
    ],
)
def test_a_token_that_is_not_exactly_ours_is_refused(token: str) -> None:
    """Another secret, algorithm, audience, kind, a named key or an ended time does not pass."""
    with pytest.raises(Unauthorized):
        Tokens(SECRET).check(token, "access", int(time.time()))


def test_a_token_of_ours_passes() -> None:
    """What is refused above is refused for its fault alone."""
    assert Tokens(SECRET).check(_token(), "access", int(time.time())).user == "u"


async def test_a_page_session_is_no_access_token(hub: Any, fail: Any) -> None:
    """A cookie that leaks can't be used on the API."""
    await hub.sign_in()
    token, _ = hub.container.doorkeeper.sign_in(EMAIL, PASSWORD, "")
    headers = {"Authorization": f"Bearer {token}"}
    fail(await hub.client.get("/api/v1/auth/me", headers=headers), 401, "UNAUTHORIZED")
