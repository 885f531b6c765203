"""What the web tries on a server: each fault, and that nothing comes of it."""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.logs import JsonFormatter
from hub.request_id import HEADER

PAGES = ("/setup", "/sign-in", "/")
EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"


@pytest.mark.parametrize(
    "offered",
    [
        "not-a-uuid",
        "3f2b8a44-3c0e-4b0e-9d43-08dbb3f7b0aa\r\nX-Evil: 1",
        "3f2b8a44-3c0e-1b0e-9d43-08dbb3f7b0aa",
        "{{7*7}}",
        "a" * 5000,
        "",
    ],
)
async def test_a_request_id_that_is_none_is_replaced(hub: Any, offered: str) -> None:
    """Nothing of a caller's own making comes back in a header or stands in a log as an id."""
    headers = {HEADER: offered.encode()}
    answer = await hub.client.get("/api/v1/health", headers=headers)
    chosen = answer.headers[HEADER]
    assert chosen != offered
    assert uuid.UUID(chosen).version == 4
    assert "X-Evil" not in answer.headers


async def test_a_log_line_stays_one_line(hub: Any) -> None:
    """What a caller writes can't begin a line of its own in the log."""
    formatter, lines = JsonFormatter(), list[str]()

    class Catch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    handler = Catch()
    logging.getLogger("hub.http").addHandler(handler)
    level = logging.getLogger("hub.http").level
    logging.getLogger("hub.http").setLevel(logging.INFO)
    try:
        await hub.client.get("/api/v1/x%0a%7b%22level%22%3a%22forged%22%7d%1b[2J")
    finally:
        logging.getLogger("hub.http").removeHandler(handler)
        logging.getLogger("hub.http").setLevel(level)
    (line,) = lines
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line)["level"] == "info"


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/sign-in", "/api/v1/search"])
async def test_a_body_that_is_too_large_is_refused_unread(hub: Any, fail: Any, path: str) -> None:
    """Announced or not, more bytes than the hub takes are not taken."""
    huge = b"x" * ((1 << 20) + 1)
    fail(await hub.client.post(path, content=huge), 413, "PAYLOAD_TOO_LARGE")

    async def unannounced() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    form = {"Content-Type": "application/x-www-form-urlencoded"}  # what a page would read
    headers = form if path == "/sign-in" else {}
    answer = await hub.client.post(path, content=unannounced(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body", [b"{" * 100_000, b"[" * 100_000, b'{"email": ' + b"[" * 50_000, b"\xff\xfe", b"null"]
)
async def test_a_malformed_body_is_an_error_that_says_so(hub: Any, body: bytes) -> None:
    """Deep nesting, other encodings and nothing at all end as a 4xx in the envelope."""
    headers = {"Content-Type": "application/json"}
    answer = await hub.client.post("/api/v1/auth/login", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.json()["success"] is False


async def test_every_answer_has_the_headers_that_keep_a_browser_safe(hub: Any) -> None:
    """Pages, data, files and errors alike: no frame, no foreign script, no sniffing, no caching."""
    for path in (*PAGES, "/api/v1/health", "/api/v1/nothing", "/static/app.css"):
        answer = await hub.client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
            assert part in policy, path
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Strict-Transport-Security"]
        caching = "no-cache" if path.startswith("/static") else "no-store"
        assert answer.headers["Cache-Control"] == caching
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers


async def test_pages_have_no_script_of_their_own(hub: Any) -> None:
    """Nothing inline: what slips into a page is never run."""
    for path in ("/setup", "/sign-in"):
        page = (await hub.client.get(path)).text
        assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
        assert not re.findall(r"\son\w+=", page)
        assert "style=" not in page


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://hub.test.evil.example", "http://["]
)
async def test_another_site_makes_no_browser_act(hub: Any, fail: Any, origin: str) -> None:
    """The API takes no cookie at all; forms take none that another site sent."""
    await hub.sign_in()
    page, _ = hub.container.doorkeeper.sign_in(EMAIL, PASSWORD, "")
    cookie = {"Cookie": f"__Host-voiceassist={page}", "Origin": origin}
    body = {"email": "x@clinic.example", "name": "X", "role": "administrator"}
    answer = await hub.client.post("/api/v1/users", json=body, headers=cookie)
    fail(answer, 401, "UNAUTHORIZED")
    assert (await hub.client.post("/sign-out", headers=cookie)).status_code == 403
    assert (await hub.client.get("/", headers=cookie)).status_code == 200, "still signed in"


async def test_methods_and_paths_that_are_not_there_say_so(hub: Any, fail: Any) -> None:
    """Probing finds errors in the envelope, never a file or a trace."""
    fail(await hub.client.request("TRACE", "/api/v1/health"), 405, "METHOD_NOT_ALLOWED")
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/.env", "/api/v1/../../etc/passwd"):
        answer = await hub.client.get(path)
        assert answer.status_code in {404, 405}, path
        assert "import" not in answer.text


async def test_an_error_of_the_hubs_own_tells_nothing_of_it(hub: Any, monkeypatch: Any) -> None:
    """No trace, no type, no path: an id to look for in the log."""
    headers = await hub.sign_in()

    def breaks(*_arguments: object) -> None:
        raise RuntimeError("/secret/path of Smith")

    monkeypatch.setattr(hub.rooms.users, "listing", breaks)
    answer = await hub.client.get("/api/v1/users", headers=headers)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
    assert "Smith" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_the_databases_own_words_stay_inside(hub: Any) -> None:
    """When the database fails, a caller is told to try again and not what it said."""
    headers = await hub.sign_in()
    with hub.rooms.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE site_settings RENAME TO elsewhere")
    answer = await hub.client.get("/api/v1/admin/settings", headers=headers)
    assert answer.status_code == 503
    assert "site_settings" not in answer.text


@pytest.mark.parametrize(
    "bad", ["%00", "%ff", "'; DROP TABLE auth_users; --", "..%2f..", "x" * 300]
)
async def test_what_is_no_id_is_not_found(hub: Any, bad: str) -> None:
    """Whatever stands in the place of an id, the answer is an error of the caller's."""
    headers = await hub.sign_in()
    for path in ("users", "chat/conversations", "rooms", "documents", "auth/sessions"):
        answer = await hub.client.get(f"/api/v1/{path}/{bad}", headers=headers)
        assert answer.status_code in {404, 405, 422}, (path, answer.text)
    assert not hub.rooms.auth.needs_setup()


@pytest.mark.slow
def test_the_real_server_speaks_modern_tls_alone_and_bounds_headers(
    tmp_path: Path, made: Path
) -> None:
    """TLS 1.2 with authenticated ciphers or 1.3; endless headers end the connection."""
    import shutil  # noqa: PLC0415

    from tests.hub.test_server import Site  # noqa: PLC0415

    site = Site(tmp_path)
    shutil.copytree(made, site.data)
    with site.running():
        authority = str(site.data / "keys" / "ca.crt")

        def connect(change: Any) -> str:
            context = ssl.create_default_context(cafile=authority)
            change(context)
            with (
                socket.create_connection(("127.0.0.1", site.port)) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
            ):
                return str(wrapped.version())

        assert connect(lambda _context: None) == "TLSv1.3"

        def only_cbc(context: ssl.SSLContext) -> None:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384")

        with pytest.raises(ssl.SSLError):
            connect(only_cbc)
        with site.client() as client:
            try:
                answer = client.get("/api/v1/health", headers={"X-Long": "x" * (1 << 18)})
            except httpx.TransportError:
                pass
            else:
                assert answer.status_code in {400, 431}
            assert client.get("/api/v1/health").status_code == 200
