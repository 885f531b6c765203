"""The pages in Debian's Chromium, against the real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from hub.app import create_app
from hub.wiring import Container
from voiceassist.contract.ledger import TURN
from voiceassist.contract.wire import RoomState, Topics

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"


@pytest.fixture
def served(rooms: Any) -> Iterator[tuple[Any, str]]:
    """The hub with its threads, over TLS on a free port, in this process."""
    container = Container(rooms)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(container),
        ssl_certfile=rooms.keys.file("hub.crt"),
        ssl_keyfile=rooms.keys.file("hub.key"),
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    while not server.started:
        time.sleep(0.05)
    yield rooms, url
    server.should_exit = True
    thread.join(20)
    listener.close()


@pytest.fixture
def page() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        page.on("requestfailed", lambda request: _note_failure(page.faults, request))
        yield page
        browser.close()


def _note_failure(faults: list[str], request: Any) -> None:
    if request.failure != "net::ERR_ABORTED":  # the next page was opened meanwhile
        faults.append(request.url)


def _set_up(rooms: Any, page: Any, url: str) -> None:
    code = rooms.auth.issue_code()
    page.goto(url)
    page.get_by_label("Setup code").fill(code.lower())
    page.get_by_label("Your name").fill("Dana Okafor")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the administrator").click()
    page.get_by_role("heading", name="Overview").wait_for()


def _fill(rooms: Any, make_box: Any) -> None:
    topics = Topics("demo")
    for name, status in (("exam-1", "ready"), ("exam-2", "degraded"), ("treatment", "offline")):
        rooms.fleet.enrol(make_box(name).request(), "test")
        state = RoomState(room=name, status=status, problems=("the microphone is away",))
        rooms.fleet.on_state(topics.state(name), state.model_dump_json().encode())
    for route in ("room", "room", "hub", "held", "command"):
        rooms.audit.record(
            action=TURN,
            outcome="answered",
            subject="01HX2F8K9ZT5Q7W3E4R6Y8U0IP",
            actor="exam-1",
            detail={"route": route},
        )
    rooms.audit.alarm(outcome="escalation_refused", subject="exam-1", detail={"kinds": ["NAME"]})


def test_an_administrator_works_through_the_pages(
    served: tuple[Any, str], page: Any, tmp_path: Path
) -> None:
    """Setup, upload, indexing seen live, publication, the trail verified, sign-out."""
    rooms, url = served
    _set_up(rooms, page, url)
    (tmp_path / "gout.md").write_text("# Gout\n\nGive naproxen 500 mg. Check the kidneys.\n")
    page.get_by_role("link", name="Documents").click()
    page.get_by_label("Files").set_input_files(tmp_path / "gout.md")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("1 taken in").wait_for()
    page.get_by_text("indexed", exact=True).wait_for()
    page.get_by_role("button", name="Publish edition 1").click()
    page.get_by_text("Published. The rooms").wait_for()
    page.get_by_role("link", name="Audit").click()
    page.get_by_text("edition.published").wait_for()
    assert page.get_by_text("verified").is_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto(url + "/documents")
    assert page.url == url + "/sign-in"
    assert page.faults == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_can_be_read(
    served: tuple[Any, str], page: Any, make_box: Any, width: int, scheme: str
) -> None:
    """On a desk and on a phone, by day and by night: nothing is cut off, all has contrast."""
    rooms, url = served
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    _set_up(rooms, page, url)
    _fill(rooms, make_box)
    rooms.documents.add("gout.md", b"# Gout\n\nGive naproxen 500 mg.\n", "test")
    for path in ("/", "/documents", "/editions", "/audit", "/audit?only=alarms"):
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(_FAINT) == [], path
        assert page.evaluate(_UNNAMED) == [], path
    assert page.faults == []


def test_a_sign_in_that_fails_says_so_and_a_form_can_be_sent_by_keyboard(
    served: tuple[Any, str], page: Any
) -> None:
    """The error is announced, the focus is where one goes on."""
    rooms, url = served
    _set_up(rooms, page, url)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill("not this one at all")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text().startswith("wrong e-mail address or password")
    assert page.evaluate("document.activeElement.name") == "password"
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Overview").wait_for()


def test_the_pages_need_nothing_from_elsewhere(served: tuple[Any, str]) -> None:
    """No page names another host: the hub works without the internet."""
    _, url = served
    with httpx.Client(verify=False) as client:
        for path in ("/setup", "/static/app.css", "/static/live.js"):
            text = client.get(url + path).text
            assert "//" not in text.replace("// ", "").replace("http://www.w3.org/2000/svg", "")


# Text whose contrast with the nearest painted ground is below WCAG 2.2 AA (4.5, large text 3).
_FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest("button:disabled")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgba(style.color)), light(ground(node))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24;
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) faint.push(node.outerHTML.slice(0, 80));
  }
  return faint;
}"""

# Fields and buttons that a screen reader could not name.
_UNNAMED = """() => [...document.querySelectorAll("button, input:not([type=hidden])")]
  .filter((n) => !(n.textContent.trim() || n.labels?.length || n.getAttribute("aria-label")))
  .map((n) => n.outerHTML.slice(0, 80))"""
