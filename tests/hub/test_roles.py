from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

from hub.http import Allowed, Open, Person, Role, RoomOnly

RULES = (Allowed, Open, RoomOnly)


def rules_of(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        if isinstance(one.call, RULES):
            yield one.call
        yield from rules_of(one)


def routes_of(hub: Any) -> list[APIRoute | APIWebSocketRoute]:
    app = hub.client._transport.app
    while not hasattr(app, "routes"):
        app = app._app
    api = [one for one in app.routes if isinstance(one, APIRoute | APIWebSocketRoute)]
    return [one for one in api if one.path.startswith("/api/")]


async def test_every_route_says_who_may_call_it(hub: Any) -> None:
    """A new endpoint without a rule, or with two of them, fails here."""
    for route in routes_of(hub):
        rules = list(rules_of(route.dependant))
        assert len(rules) == 1, f"{route.path}: {rules}"


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_passes_where_its_rule_says_and_nowhere_else(hub: Any, role: Role) -> None:
    """Every role at every endpoint: what is not allowed is refused before anything is looked at."""
    person = Person(role.value, f"{role}@clinic.example", role.value, role, "session")
    guard = hub.client._transport.app.state.guard

    async def calls(_request: object) -> Person:
        return person

    guard.person = calls
    for route in routes_of(hub):
        if not isinstance(route, APIRoute):
            continue
        (rule,) = rules_of(route.dependant)
        if isinstance(rule, RoomOnly):
            continue
        path = re.sub(r"\{[^}]*\}", "1", route.path)
        for method in route.methods:
            answer = await hub.client.request(method, path)
            refused = answer.status_code == 403 and "the role" in answer.text
            expected = isinstance(rule, Allowed) and role not in rule.roles
            assert refused == expected, f"{role} {method} {path}: {answer.status_code}"


async def test_nobody_passes_without_a_token(hub: Any) -> None:
    """What is not open to anyone answers 401 to anyone."""
    for route in routes_of(hub):
        (rule,) = rules_of(route.dependant)
        if isinstance(rule, Open) or not isinstance(route, APIRoute):
            continue
        path = re.sub(r"\{[^}]*\}", "1", route.path)
        for method in route.methods:
            answer = await hub.client.request(method, path)
            assert answer.status_code == 401, f"{method} {path}: {answer.text}"
