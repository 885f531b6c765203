"""What OpenAPI tells beyond what FastAPI sees: who may call what, and that errors are envelopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from hub.envelope import Answer
from hub.http import Allowed, Open, RoomOnly

_ERROR = "ErrorAnswer"
_REF = {"$ref": f"#/components/schemas/{_ERROR}"}
_MADE = {  # where something is made: the name of its id in other paths, and its place
    "/api/v1/chat/conversations": ("conversation", "/data/id"),
    "/api/v1/documents": ("document", "/data/document/id"),
    "/api/v1/users": ("user", "/data/user/id"),
}
_SCHEMES = {
    "person": "An access token of `POST /api/v1/auth/login`",
    "room": "A room's own token, which its machine key signs",
}


def install(app: FastAPI) -> None:
    """Make `app.openapi()` tell all of it."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to do this


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path with one method (a socket's is "WEBSOCKET"), and the rules on who may use it."""

    path: str
    method: str
    described: bool
    rules: tuple[Allowed | RoomOnly | Open, ...]

    @property
    def who(self) -> tuple[str, ...]:
        """Roles, "room", or nobody in particular."""
        rule = self.rules[0] if self.rules else None
        if isinstance(rule, Allowed):
            return tuple(sorted(rule.roles))
        return ("room",) if isinstance(rule, RoomOnly) else ()


def endpoints(app: FastAPI) -> Iterator[Endpoint]:
    """All of the API's, in the order of their routes."""
    for one in iter_route_contexts(app.routes):
        if not isinstance(one.original_route, APIRoute | APIWebSocketRoute):
            continue
        path = one.path or ""
        if path.startswith("/api/"):
            rules = tuple(_rules(one.dependant))
            described = getattr(one, "include_in_schema", False)
            for method in sorted(one.methods or ("WEBSOCKET",)):
                yield Endpoint(path, method, described, rules)


def _describe(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(
        title=app.title,
        version=app.version,
        description="One clinic's hub. Every answer is in one envelope; errors too.",
        routes=app.routes,
    )
    schemas = described["components"]["schemas"]
    error = Answer[None].model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(error.pop("$defs", {}))
    schemas[_ERROR] = error
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    described["components"]["securitySchemes"] = {
        name: {"type": "http", "scheme": "bearer", "description": about}
        for name, about in _SCHEMES.items()
    }
    for one in endpoints(app):
        if one.described:
            _complete(described["paths"][one.path][one.method.lower()], one.who)
    _link(described["paths"])
    return described


def _link(paths: dict[str, Any]) -> None:
    """Tell which operations take the id that another one's answer gives."""
    for path, (name, place) in _MADE.items():
        links = {
            operation["operationId"]: {
                "operationId": operation["operationId"],
                "parameters": {name: f"$response.body#{place}"},
            }
            for other, operations in paths.items()
            if other.startswith(f"{path}/{{{name}}}")
            for operation in operations.values()
        }
        for status, answer in paths[path]["post"]["responses"].items():
            if status.startswith("2"):
                answer["links"] = links


def _complete(operation: dict[str, Any], who: tuple[str, ...]) -> None:
    operation["x-roles"] = [*who] or ["anyone"]
    if who:
        operation["security"] = [{"room" if who == ("room",) else "person": []}]
    answers = operation["responses"]
    answers.pop("422", None)
    answers["default"] = {
        "description": "What went wrong",
        "content": {"application/json": {"schema": _REF}},
    }


def _rules(dependant: Dependant) -> Iterator[Allowed | RoomOnly | Open]:
    for one in dependant.dependencies:
        if isinstance(one.call, Allowed | RoomOnly | Open):
            yield one.call
        yield from _rules(one)
