from __future__ import annotations

import re
from typing import Any

import pytest

from hub.http import Allowed, Open, Person, Role, RoomOnly
from hub.openapi import Endpoint, endpoints

LEAST = 50  # the walk must not come back empty-handed


def every(hub: Any) -> list[Endpoint]:
    found = list(endpoints(hub.client._transport.app))
    assert len(found) > LEAST
    return found


def _path(one: Endpoint) -> str:
    return re.sub(r"\{[^}]*\}", "1", one.path)


async def test_every_endpoint_says_who_may_call_it(hub: Any) -> None:
    """A new endpoint without a rule, or with two of them, fails here."""
    for one in every(hub):
        assert len(one.rules) == 1, one


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_passes_where_its_rule_says_and_nowhere_else(hub: Any, role: Role) -> None:
    """Every role at every endpoint: what is not allowed is refused before anything is looked at."""
    person = Person(role.value, f"{role}@clinic.example", role.value, role, "session")

    async def calls(_request: object) -> Person:
        return person

    hub.client._transport.app.state.guard.person = calls
    for one in every(hub):
        (rule,) = one.rules
        if isinstance(rule, RoomOnly) or one.method == "WEBSOCKET":
            continue
        answer = await hub.client.request(one.method, _path(one))
        refused = answer.status_code == 403 and "the role" in answer.text
        expected = isinstance(rule, Allowed) and role not in rule.roles
        assert refused == expected, f"{role} {one.method} {one.path}: {answer.status_code}"


async def test_nobody_passes_without_a_token(hub: Any) -> None:
    """What is not open to anyone answers 401 to anyone."""
    for one in every(hub):
        if isinstance(one.rules[0], Open) or one.method == "WEBSOCKET":
            continue
        answer = await hub.client.request(one.method, _path(one))
        assert answer.status_code == 401, f"{one.method} {one.path}: {answer.text}"


async def test_openapi_tells_the_rules(hub: Any) -> None:
    """Who reads the description knows each operation's roles, and that errors are envelopes."""
    described = (await hub.client.get("/api/v1/openapi.json")).json()
    operation = described["paths"]["/api/v1/users"]["post"]
    assert operation["x-roles"] == ["administrator"]
    assert operation["security"] == [{"person": []}]
    schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}
    assert "422" not in operation["responses"]
    assert described["paths"]["/api/v1/library/edition"]["get"]["x-roles"] == ["room"]
