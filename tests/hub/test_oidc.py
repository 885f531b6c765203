from __future__ import annotations

import base64
import hashlib
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from hub.auth.oidc import Oidc
from hub.http import Role
from hub.settings import OidcSettings

ISSUER = "https://id.hospital.example"
PASSWORD = "four quiet green words"


class Provider:
    """An OpenID provider over a transport of its own; `claims` and more are the test's."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1"})
        self.signer = self.key
        self.claims: dict[str, Any] = {
            "sub": "s-1",
            "email": "robin@clinic.example",
            "email_verified": True,
            "name": "Robin",
            "groups": ["Doctors"],
        }
        self.changes: dict[str, Any] = {}
        self.away = False
        self.challenge = self.nonce = ""

    def visit(self, url: str) -> tuple[str, str]:
        """The browser is sent here, signs in, and is sent back with a state and a code."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
        assert asked["redirect_uri"] == "https://127.0.0.1:8443/sign-in/returned"
        assert asked["code_challenge_method"] == "S256"
        self.challenge, self.nonce = asked["code_challenge"], asked["nonce"]
        return asked["state"], "the-code"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        if request.url.path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return httpx.Response(200, json={"issuer": ISSUER} | {e: f"{ISSUER}/{e}" for e in ends})
        if request.url.path == "/jwks_uri":
            return httpx.Response(200, json=KeySet([self.key]).as_dict())
        form = parse_qs(request.content.decode())
        verifier = form["code_verifier"][0].encode()
        made = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if form["code"] != ["the-code"] or made != self.challenge:
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "voiceassist", "iat": now, "exp": now + 300}
        claims |= {"nonce": self.nonce} | self.claims | self.changes
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.signer)
        return httpx.Response(200, json={"access_token": "x", "id_token": token})


@pytest.fixture
def provider(hub: Any) -> Provider:
    """A hub whose hospital has a provider, with doctors as clinicians and "Staff" as nothing."""
    made = Provider()
    oidc: Oidc = hub.rooms.oidc
    oidc._settings = OidcSettings(
        issuer=ISSUER, client_id="voiceassist", roles={"Doctors": "clinician", "IT": "it"}
    )
    oidc._transport = lambda: httpx.MockTransport(made)
    return made


async def _sign_in(hub: Any, provider: Provider, **back: str) -> httpx.Response:
    away = await hub.client.get("/sign-in/provider")
    assert away.status_code == 303, away.text
    state, code = provider.visit(away.headers["Location"])
    hub.client.cookies.clear()
    hub.client.cookies.update(away.cookies)
    query = {"state": state, "code": code} | back
    return await hub.client.get("/sign-in/returned", params=query)


async def test_a_doctor_signs_in_at_the_hospital(hub: Any, provider: Provider) -> None:
    """The first time an account of the group's role is made; the page then knows them."""
    await hub.sign_in()
    assert "hospital account" in (await hub.client.get("/sign-in")).text
    answer = await _sign_in(hub, provider)
    assert answer.status_code == 200
    cookie = answer.headers.get_list("Set-Cookie")[0]
    for part in ("__Host-voiceassist=", "HttpOnly", "Secure", "SameSite=strict"):
        assert part in cookie
    hub.client.cookies.update(answer.cookies)
    assert "Robin" in (await hub.client.get("/talk")).text
    account = hub.rooms.auth._store.by_email("robin@clinic.example")
    assert (account.role, account.password_hash) == ("clinician", "")


async def test_a_person_stays_themselves_under_another_address(
    hub: Any, provider: Provider
) -> None:
    """The provider's subject counts; a new role signs out what the old one had."""
    await hub.sign_in()
    await _sign_in(hub, provider)
    provider.claims |= {"email": "new@clinic.example", "groups": ["IT"]}
    await _sign_in(hub, provider)
    people, total = hub.rooms.accounts.listing(0, 9)
    assert total == 2
    assert [one.role for one in people if one.subject] == ["it"]


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": None},
    ],
)
async def test_an_answer_that_is_not_for_this_sign_in_is_refused(
    hub: Any, provider: Provider, changes: dict[str, Any]
) -> None:
    """Another sign-in's nonce, another client's token, another issuer, an old one: none enters."""
    await hub.sign_in()
    provider.changes = changes
    answer = await _sign_in(hub, provider)
    assert answer.status_code == 401
    assert "does not hold" in answer.text
    assert "__Host-voiceassist=" not in str(answer.headers)


async def test_a_token_signed_by_anybody_else_is_refused(hub: Any, provider: Provider) -> None:
    """Only the provider's own keys count."""
    await hub.sign_in()
    provider.signer = RSAKey.generate_key(2048, {"kid": "1"})
    assert (await _sign_in(hub, provider)).status_code == 401


async def test_state_and_cookie_must_be_of_this_browser(hub: Any, provider: Provider) -> None:
    """A link that somebody else prepared signs nobody in; nor does a cookie that is too old."""
    await hub.sign_in()
    assert (await _sign_in(hub, provider, state="prepared")).status_code == 401
    away = await hub.client.get("/sign-in/provider")
    state, code = provider.visit(away.headers["Location"])
    hub.client.cookies.clear()
    query = {"state": state, "code": code}
    assert (await hub.client.get("/sign-in/returned", params=query)).status_code == 401
    hub.client.cookies.update(away.cookies)
    clock = hub.rooms.oidc._clock
    hub.rooms.oidc._clock = lambda: clock() + 601_000
    assert (await hub.client.get("/sign-in/returned", params=query)).status_code == 401
    hub.rooms.oidc._clock = clock
    assert (await _sign_in(hub, provider, code="stolen")).status_code == 401


async def test_an_address_takes_nobody_elses_account(hub: Any, provider: Provider) -> None:
    """An account with a password is not taken over by whom the provider gives its address."""
    await hub.sign_in()
    provider.claims["email"] = "dana@clinic.example"
    assert (await _sign_in(hub, provider)).status_code == 403
    provider.claims |= {"email": "sam@clinic.example", "email_verified": False}
    assert (await _sign_in(hub, provider)).status_code == 403


async def test_who_is_in_no_group_needs_an_account_that_was_made_for_them(
    hub: Any, provider: Provider
) -> None:
    """An administrator's unopened account is theirs; without one nobody enters."""
    await hub.sign_in()
    provider.claims["groups"] = "Staff"
    assert (await _sign_in(hub, provider)).status_code == 403
    hub.rooms.accounts.create("robin@clinic.example", "Robin", "auditor")
    assert (await _sign_in(hub, provider)).status_code == 200
    account = hub.rooms.auth._store.by_email("robin@clinic.example")
    hub.rooms.accounts.set_standing(account.id, Role(account.role), "inactive")
    assert (await _sign_in(hub, provider)).status_code == 403


async def test_a_provider_that_is_away_is_told(hub: Any, provider: Provider, fail: Any) -> None:
    """Sign-in by password goes on; the page says what is away."""
    await hub.sign_in()
    provider.away = True
    fail(await hub.client.get("/sign-in/provider"), 503, "UNAVAILABLE")


async def test_without_a_provider_there_is_no_such_door(hub: Any, fail: Any) -> None:
    """A clinic that set none shows no button and answers no such link."""
    await hub.sign_in()
    assert "hospital account" not in (await hub.client.get("/sign-in")).text
    fail(await hub.client.get("/sign-in/provider"), 403, "FORBIDDEN")


async def test_these_sign_ins_are_in_the_trail(hub: Any, provider: Provider) -> None:
    """Done and refused, by the account's id alone."""
    headers = await hub.sign_in()
    await _sign_in(hub, provider)
    provider.changes = {"nonce": "another"}
    await _sign_in(hub, provider)
    hub.client.cookies.clear()
    trail = await hub.client.get("/api/v1/audit?action=auth.openid", headers=headers)
    assert [one["outcome"] for one in trail.json()["data"]] == ["refused", "done"]
    assert "robin" not in trail.text


async def test_a_role_that_needs_a_second_factor_needs_it_at_the_provider(
    hub: Any, provider: Provider
) -> None:
    """An administrator who showed a password alone stays outside; one who showed more enters."""
    await hub.sign_in()
    hub.rooms.auth.factors._rule = "everyone"
    assert (await _sign_in(hub, provider)).status_code == 403
    provider.claims["amr"] = ["pwd", "otp"]
    assert (await _sign_in(hub, provider)).status_code == 200
