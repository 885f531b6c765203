from __future__ import annotations

import uuid
from typing import Any

import pytest

PROBES = [
    ("GET", "/nothing", 404, "NOT_FOUND"),
    ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
    ("PUT", "/api/v1/health", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/api/v1/documents", 401, "UNAUTHORIZED"),
    ("POST", "/api/v1/editions", 401, "UNAUTHORIZED"),
    ("GET", "/api/v1/rooms", 401, "UNAUTHORIZED"),
    ("GET", "/api/v1/audit", 401, "UNAUTHORIZED"),
    ("GET", "/api/v1/audit/verify", 401, "UNAUTHORIZED"),
    ("GET", "/api/v1/analytics/routes", 401, "UNAUTHORIZED"),
    ("GET", "/api/v1/library/edition", 401, "UNAUTHORIZED"),
    ("POST", "/api/v1/escalations", 401, "UNAUTHORIZED"),
    ("POST", "/api/v1/auth/login", 422, "VALIDATION_ERROR"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), PROBES)
async def test_every_error_is_an_envelope(
    hub: Any, fail: Any, method: str, path: str, status: int, code: str
) -> None:
    """Whatever goes wrong is answered in the one form, with the request's id."""
    fail(await hub.client.request(method, path), status, code)


async def test_an_unforeseen_error_is_an_envelope_that_tells_nothing(hub: Any, fail: Any) -> None:
    """A defect answers 500 in the one form and keeps its cause to the log."""

    def broken() -> None:
        raise RuntimeError("secret cause")

    hub.container.rooms.database.check = broken
    error = fail(await hub.client.get("/ready"), 500, "INTERNAL_ERROR")
    assert "secret" not in error["message"]


async def test_a_request_id_that_is_a_uuid4_is_taken(hub: Any) -> None:
    """A caller can follow its request by an id of its own."""
    own = str(uuid.uuid4())
    answer = await hub.client.get("/health", headers={"X-Request-ID": own})
    assert answer.headers["X-Request-ID"] == own
    assert answer.json()["metadata"]["request_id"] == own


@pytest.mark.parametrize("offered", ["", "x", "1" * 5000, str(uuid.uuid1()), "a\tb"])
async def test_any_other_request_id_is_replaced(hub: Any, offered: str) -> None:
    """Nothing but a UUID4 gets into the logs by way of the header."""
    answer = await hub.client.get("/health", headers={"X-Request-ID": offered})
    assert uuid.UUID(answer.headers["X-Request-ID"]).version == 4
    assert answer.headers["X-Request-ID"] != offered


async def test_a_field_at_fault_is_named_and_not_repeated(hub: Any, fail: Any) -> None:
    """A validation error names the field, and never echoes what was sent."""
    body = {"email": "a@b.example", "password": ["Rosalind"]}
    answer = await hub.client.post("/api/v1/auth/login", json=body)
    assert fail(answer, 422, "VALIDATION_ERROR")["field"] == "password"
    assert "Rosalind" not in answer.text


async def test_a_body_too_large_is_refused_by_its_length_and_by_its_bytes(
    hub: Any, fail: Any
) -> None:
    """The hub reads no more than it takes, whether or not the length is announced."""
    big = b"x" * (2 << 20)
    fail(await hub.client.post("/api/v1/auth/login", content=big), 413, "PAYLOAD_TOO_LARGE")

    async def chunks() -> Any:
        for _ in range(32):
            yield b"x" * (1 << 16)

    headers = {"Content-Type": "application/json"}
    answer = await hub.client.post("/api/v1/auth/login", content=chunks(), headers=headers)
    fail(answer, 413, "PAYLOAD_TOO_LARGE")


async def test_every_answer_has_the_headers_that_protect_it(hub: Any) -> None:
    """Pages and answers can't be framed, sniffed or given foreign scripts."""
    for path in ("/health", "/sign-in", "/nothing", "/static/app.css"):
        headers = (await hub.client.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_health_readiness_and_figures_answer_at_both_places(hub: Any) -> None:
    """Probes find them at the root and under /api/v1; a dead broker only degrades."""
    for prefix in ("", "/api/v1"):
        assert (await hub.client.get(f"{prefix}/health")).json()["data"] == {"status": "ok"}
        ready = await hub.client.get(f"{prefix}/ready")
        assert ready.status_code == 200
        assert ready.json()["data"]["broker"].startswith("away")
        figures = (await hub.client.get(f"{prefix}/metrics")).text
        assert "voiceassist_hub_edition 0.0" in figures
        assert 'route="/health"' in figures
