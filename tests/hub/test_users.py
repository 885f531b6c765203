from __future__ import annotations

from typing import Any

import pytest

PASSWORD = "four quiet green words"
API = "/api/v1/users"


async def test_an_account_is_made_without_anybody_knowing_anothers_password(hub: Any) -> None:
    """The administrator hands over a code; its owner sets the password and signs in."""
    headers = await hub.sign_in()
    body = {"email": "Sam@Clinic.example", "name": "Sam", "role": "clinician"}
    made = (await hub.client.post(API, json=body, headers=headers)).json()["data"]
    assert made["user"]["email"] == "sam@clinic.example"
    redeem = {"email": "sam@clinic.example", "code": made["code"], "password": PASSWORD}
    assert (await hub.client.post("/api/v1/auth/redeem", json=redeem)).status_code == 200
    who = {"email": "sam@clinic.example", "password": PASSWORD}
    assert (await hub.client.post("/api/v1/auth/login", json=who)).status_code == 200


async def test_an_address_has_one_account(hub: Any, fail: Any) -> None:
    """Upper or lower case, the second is refused; what is no address is named."""
    headers = await hub.sign_in()
    body = {"email": "DANA@clinic.example", "name": "Dana", "role": "auditor"}
    fail(await hub.client.post(API, json=body, headers=headers), 409, "CONFLICT")
    bad = body | {"email": "nobody"}
    error = fail(await hub.client.post(API, json=bad, headers=headers), 422, "VALIDATION_ERROR")
    assert error["field"] == "email"


async def test_the_last_administrator_stays(hub: Any, fail: Any) -> None:
    """Nobody can lock everyone out, not even themselves."""
    headers = await hub.sign_in()
    me = (await hub.client.get(f"{API}/me", headers=headers)).json()["data"]
    for change in ({"role": "clinician"}, {"state": "inactive"}):
        answer = await hub.client.patch(f"{API}/{me['id']}", json=change, headers=headers)
        fail(answer, 409, "CONFLICT")
    await hub.sign_in_as("administrator", "second@clinic.example")
    answer = await hub.client.patch(f"{API}/{me['id']}", json={"role": "auditor"}, headers=headers)
    assert answer.json()["data"]["role"] == "auditor"


async def test_a_new_role_holds_from_the_next_sign_in(hub: Any, fail: Any) -> None:
    """Who loses a role is signed out at once, so that no token carries it on."""
    headers = await hub.sign_in()
    auditor = await hub.sign_in_as("auditor")
    assert (await hub.client.get("/api/v1/audit", headers=auditor)).status_code == 200
    me = (await hub.client.get(f"{API}/me", headers=auditor)).json()["data"]
    await hub.client.patch(f"{API}/{me['id']}", json={"role": "clinician"}, headers=headers)
    fail(await hub.client.get("/api/v1/audit", headers=auditor), 401, "TOKEN_REVOKED")


async def test_a_reset_closes_the_account_until_the_code_is_redeemed(hub: Any, fail: Any) -> None:
    """A lost phone or a leaked password: all that was is void, and only the owner goes on."""
    headers = await hub.sign_in()
    clinician = await hub.sign_in_as("clinician")
    me = (await hub.client.get(f"{API}/me", headers=clinician)).json()["data"]
    made = (await hub.client.post(f"{API}/{me['id']}/reset", headers=headers)).json()["data"]
    fail(await hub.client.get(f"{API}/me", headers=clinician), 401, "TOKEN_REVOKED")
    who = {"email": me["email"], "password": PASSWORD}
    fail(await hub.client.post("/api/v1/auth/login", json=who), 401, "INVALID_CREDENTIALS")
    redeem = who | {"code": made["code"]}
    await hub.client.post("/api/v1/auth/redeem", json=redeem)
    assert (await hub.client.post("/api/v1/auth/login", json=who)).status_code == 200


async def test_changes_are_in_the_trail_by_whom_and_what(hub: Any) -> None:
    """Who changed whose role, from where; no name and no address of a person in it."""
    headers = await hub.sign_in()
    clinician = await hub.sign_in_as("clinician")
    me = (await hub.client.get(f"{API}/me", headers=clinician)).json()["data"]
    await hub.client.patch(f"{API}/{me['id']}", json={"role": "it", "name": "S"}, headers=headers)
    found = (await hub.client.get(f"/api/v1/audit?subject={me['id']}", headers=headers)).json()
    seen = {one["action"]: one for one in found["data"]}
    assert seen["user.standing"]["detail"]["role"] == "it"
    assert seen["user.standing"]["actor"] != me["id"]
    assert "user.renamed" in seen
    assert me["email"] not in str(found)


async def test_everyone_has_a_profile_and_settings_of_their_own(hub: Any) -> None:
    """A person changes their name and how they like it; nobody else's."""
    headers = await hub.sign_in_as("clinician")
    renamed = await hub.client.patch(f"{API}/me", json={"name": "Robin"}, headers=headers)
    assert renamed.json()["data"]["name"] == "Robin"
    path = f"{API}/me/settings"
    before = (await hub.client.get(path, headers=headers)).json()["data"]
    assert before == {"speak_answers": True, "microphone": "push-to-talk"}
    after = {"speak_answers": False, "microphone": "hands-free"}
    await hub.client.put(path, json=after, headers=headers)
    assert (await hub.client.get(path, headers=headers)).json()["data"] == after
    other = await hub.sign_in_as("it")
    assert (await hub.client.get(path, headers=other)).json()["data"] == before


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "a\nb"}, {"name": "x", "role": "it"}])
async def test_a_profile_takes_a_name_and_nothing_else(
    hub: Any, fail: Any, body: dict[str, str]
) -> None:
    """Nobody gives themselves a role, and a name is one line."""
    headers = await hub.sign_in_as("clinician")
    answer = await hub.client.patch(f"{API}/me", json=body, headers=headers)
    fail(answer, 422, "VALIDATION_ERROR")


async def test_people_are_listed_in_pages(hub: Any) -> None:
    """By address, with how many there are."""
    headers = await hub.sign_in()
    for number in range(5):
        hub.rooms.accounts.create(f"p{number}@clinic.example", "P", "clinician")
    answer = (await hub.client.get(f"{API}?page=2&size=2", headers=headers)).json()
    assert [one["email"][:2] for one in answer["data"]] == ["p1", "p2"]
    assert answer["metadata"]["pagination"] == {"page": 2, "size": 2, "total": 6}
