"""The panel's pages: what they show, to whom, and what their buttons do."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from appliance.events import (
    Answered,
    Condition,
    Event,
    Heard,
    Judged,
    Left,
    Listened,
    Over,
    Speaking,
    Woke,
)
from appliance.panel.access import Access, panel_token
from appliance.panel.health import Health
from appliance.panel.panel import LOCAL, Pages, Panel, make_app
from appliance.panel.session import KEPT, Session
from appliance.panel.viewers import MOST, Viewers
from appliance.rules.route import Hub, Room
from appliance.settings import PanelSettings
from appliance.turn import TurnRecord
from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Item
from voiceassist.knowledge.answers.answer import Answer
from voiceassist.phi import gate as phi_gate

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TOKEN = "t" * 43
QUOTE = (
    "For a nosebleed on warfarin, sit the patient forward and press the soft part of the nose "
    "firmly for 15 minutes without letting go."
)
SOURCE = Source(
    document="warfarin", version=1, title="Warfarin: high INR and bleeding",
    place="Nosebleed on warfarin", start=0, end=len(QUOTE), quote=QUOTE,
)  # fmt: skip
LEAD = Sentence(text="From Warfarin: high INR and bleeding.", kind="lead", sources=(SOURCE,))
SAID = Sentence(text=QUOTE, kind="quote", sources=(SOURCE,))
WORDS = "Margaret Ellis has a nosebleed on warfarin. What should I do?"


@dataclass
class Pressed:
    names: list[str] = field(default_factory=list)

    def press(self) -> None:
        self.names.append("press")

    def release(self) -> None:
        self.names.append("release")

    def stop(self) -> None:
        self.names.append("stop")

    def mute(self, *, on: bool) -> None:
        self.names.append("mute" if on else "unmute")


def held_turn(turn: str = "a") -> list[Event]:
    verdict = Held(WORDS, (Item("NAME", 0, 14, 1.0, "names"),), ("items",))
    answer = Answer(found=True, sentences=(LEAD, SAID), sources=(SOURCE,))
    record = TurnRecord(
        turn, woke=True, heard=WORDS, verdict=verdict, route="room", why="held", found=True,
        sources=(SOURCE,), sentences=(LEAD, SAID),
        timings={"endpoint": 610.0, "stt": 130.0, "gate": 12.0, "voice": 140.0},
        speech_end_to_first_audio=892.0,
    )  # fmt: skip
    return [
        Woke(turn, 0, 1.0), Listened(turn, 0, 9), Heard(turn, Transcript(WORDS, 0.9)),
        Judged(turn, verdict), Answered(turn, Room("nosebleed", "held"), answer),
        Speaking(turn, LEAD), Speaking(turn, SAID), Over(turn, record),
    ]  # fmt: skip


def cleared_turn(turn: str = "b") -> list[Event]:
    words = "What is the first dose of epinephrine in anaphylaxis?"
    verdict = Cleared(words, phi_gate._SEAL)
    answer = Answer(found=True, sentences=(LEAD, SAID), sources=(SOURCE,))
    return [
        Woke(turn, 0, 1.0), Listened(turn, 0, 9), Heard(turn, Transcript(words, 0.9)),
        Judged(turn, verdict), Answered(turn, Hub(verdict), answer), Speaking(turn, LEAD),
    ]  # fmt: skip


def after(*events: Event) -> dict[str, Any]:
    session = Session()
    for event in events:
        session = session.after(event, 1_000.0)
    return session.to_json(words=True)


def test_a_turn_is_shown_with_its_verdict_sources_and_times() -> None:
    """What was heard, why it was held, the answer, where it stands, and where time went."""
    turn = after(*held_turn())["turn"]
    assert turn["heard"] == WORDS
    assert turn["held"]
    assert turn["items"] == [{"start": 0, "end": 14, "kind": "name"}]
    assert "identify a patient" in turn["why"]
    assert turn["sources"][0]["quote"] == QUOTE
    assert (turn["first_ms"], turn["timings"]["stt"]) == (892, 130)


def test_a_turn_is_shown_while_it_goes_on() -> None:
    """Each step appears once it is done."""
    shown = [after(*held_turn()[:n]) for n in range(1, 9)]
    assert [one["phase"] for one in shown] == [
        "listening", "thinking", "thinking", "thinking", "thinking", "speaking", "speaking", "idle",
    ]  # fmt: skip
    assert [one["turn"]["heard"] for one in shown[1:3]] == ["", WORDS]
    assert shown[6]["turn"]["speaking"] == 2


def test_the_history_is_this_sessions_and_bounded() -> None:
    """The newest first, no more than so many; a call that came to nothing leaves no trace."""
    events = [event for n in range(KEPT + 20) for event in held_turn(str(n))]
    told = after(*events, Woke("z", 0, 1.0), Left("z", "elsewhere"))
    assert told["turn"]["id"] == str(KEPT + 19)
    assert [one["id"] for one in told["before"][:2]] == [str(KEPT + 18), str(KEPT + 17)]
    assert len(told["before"]) <= KEPT


def test_a_failed_turn_says_so() -> None:
    """The line for a person is shown, with what was heard until then."""
    told = after(*held_turn()[:3], Over("a", None, "UNAVAILABLE", "the voice has died; tell IT"))
    assert told["phase"] == "failed"
    assert told["turn"]["error"] == "the voice has died; tell IT"


def test_a_panel_of_signs_holds_no_word() -> None:
    """Where patients look on, not a word reaches the browser."""
    viewers = Viewers(words=False, fades_s=300)
    for event in held_turn():
        viewers.watch(event)
    for secret in ("Margaret", "warfarin", "nosebleed"):
        assert secret not in viewers.state()


def test_words_fade() -> None:
    """After a while in which nothing happened the words are gone, for good."""
    now = [0.0]
    viewers = Viewers(words=True, fades_s=60, now=lambda: now[0])
    for event in held_turn():
        viewers.watch(event)
    now[0] = 59
    assert "Margaret" in viewers.state()
    now[0] = 61
    assert "Margaret" not in viewers.state()
    now[0] = 0
    assert "Margaret" not in viewers.state()


def test_the_token_is_the_rooms_own(tmp_path: Path) -> None:
    """It is made once, long, for the room's user alone; a damaged one is made anew."""
    token = panel_token(tmp_path)
    assert len(token) >= 43
    assert panel_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / "panel.token").stat().st_mode) == 0o600
    (tmp_path / "panel.token").write_text("short")
    assert panel_token(tmp_path) != "short"


@pytest.fixture
def client() -> Iterator[Any]:
    viewers, pressed = Viewers(words=True, fades_s=300), Pressed()
    pages = Pages(viewers, pressed, Access(TOKEN, LOCAL)).app()
    app = make_app(lambda: Health(state="ready"), CollectorRegistry(), pages)
    with TestClient(app, base_url="http://127.0.0.1:8500", follow_redirects=False) as one:
        one.pressed, one.viewers = pressed, viewers  # type: ignore[attr-defined]
        yield one


@pytest.mark.parametrize("path", ["/", "/state", "/events"])
def test_nothing_is_shown_without_the_token(client: Any, path: str) -> None:
    """Neither without one nor with a wrong one; the answer says how to get in."""
    for headers in ({}, {"Cookie": "voiceassist_panel=wrong"}, {"Authorization": "Bearer x"}):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 403
        assert "panel-link" in answer.text


def test_health_needs_no_token(client: Any) -> None:
    """Probes of IT go on working."""
    assert client.get("/health").json()["state"] == "ready"


def test_the_link_opens_the_panel(client: Any) -> None:
    """The token becomes a cookie that no script and no other site can use."""
    answer = client.get("/enter", params={"token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/").status_code == 200
    assert client.get("/state").headers["cache-control"] == "no-store"


def test_another_site_can_press_nothing(client: Any) -> None:
    """Neither by its own page nor by giving this machine a name of its own."""
    client.cookies.set("voiceassist_panel", TOKEN)
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        assert client.post("/buttons/press", headers=headers).status_code == 403
    assert client.pressed.names == []


def test_buttons_press(client: Any) -> None:
    """Each does what it says; what is no button is refused in words."""
    client.cookies.set("voiceassist_panel", TOKEN)
    for name in ("press", "release", "stop", "mute", "unmute"):
        assert client.post(f"/buttons/{name}").status_code == 204
    assert client.pressed.names == ["press", "release", "stop", "mute", "unmute"]
    assert client.post("/buttons/detonate").status_code == 404
    client.viewers.watch(held_turn()[0])
    client.post("/buttons/clear")
    assert json.loads(client.viewers.state())["turn"] is None


async def test_only_so_many_look_on() -> None:
    """One page too many is refused, and who leaves makes room."""
    viewers = Viewers(words=True, fades_s=300)
    streams = [viewers.follow() for _ in range(MOST)]
    for stream in streams:
        await anext(stream)
    assert viewers.full
    await streams[0].aclose()  # type: ignore[attr-defined]
    assert not viewers.full


async def test_whoever_looks_on_gets_the_newest_state() -> None:
    """A viewer that is slow misses steps between, and holds up nothing."""
    viewers = Viewers(words=True, fades_s=300)
    stream = viewers.follow()
    await anext(stream)
    for event in held_turn():
        viewers.watch(event)
    await asyncio.sleep(0)
    assert json.loads((await anext(stream))[6:])["phase"] == "idle"


def test_beyond_this_machine_a_certificate_is_needed() -> None:
    """The panel speaks plain HTTP on loopback only."""
    with pytest.raises(ValueError, match=r"panel\.host.*panel\.certificate"):
        PanelSettings(host="0.0.0.0")
    PanelSettings(host="0.0.0.0", certificate=Path("a"), key=Path("b"))


@pytest.fixture
def served() -> Iterator[tuple[Viewers, Pressed, str]]:
    viewers, pressed = Viewers(words=True, fades_s=300), Pressed()
    pages = Pages(viewers, pressed, Access(TOKEN, LOCAL)).app()
    panel = Panel(make_app(lambda: Health(state="ready"), CollectorRegistry(), pages), 0)
    panel.start()
    url = f"http://127.0.0.1:{panel.port}"
    httpx.get(f"{url}/health", trust_env=False)
    yield viewers, pressed, url
    panel.stop()


@pytest.fixture
def page() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 800, "height": 480})
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        yield page
        browser.close()


_CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; })
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 7) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(1)}`);
  }
  return low;
}"""


@pytest.mark.browser
@pytest.mark.slow
def test_the_panel_in_a_browser(served: Any, page: Any, tmp_path: Path) -> None:
    """States arrive at once, what was held is marked, all is in high contrast, buttons press."""
    viewers, pressed, url = served
    assert page.goto(url).status == 403
    page.goto(f"{url}/enter?token={TOKEN}")
    page.wait_for_selector("#word:text-is('Ready')")
    page.faults.clear()  # of the page that was refused
    for event, word in zip(
        held_turn(), ["Listening", "Thinking", *["Thinking"] * 3, "Speaking", "Speaking", "Ready"],
        strict=True,
    ):  # fmt: skip
        viewers.watch(event)
        page.wait_for_selector(f"#word:text-is('{word}')", timeout=300)
    assert "Margaret Ellis" in page.inner_text("mark")
    assert "Held in this room" in page.inner_text(".verdict")
    assert page.inner_text(".said .quote") == QUOTE
    assert page.evaluate("document.querySelector('.said').getBoundingClientRect().top") < 480
    page.click("summary")
    assert page.is_visible("details p")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(_CONTRAST) == []
        page.screenshot(path=str(tmp_path / f"{scheme}.png"))
    for button, name in (("#stop", "stop"), ("#mute", "mute"), ("#talk", "press")):
        page.click(button)
        page.wait_for_timeout(100)
        assert name in pressed.names
    assert "release" in pressed.names
    viewers.watch(Condition(muted=True, problems=("the disk is nearly full",)))
    page.wait_for_selector("#word:text-is('Muted')", timeout=300)
    page.click("#mute")
    page.wait_for_timeout(100)
    assert pressed.names[-1] == "unmute"
    for event in cleared_turn():
        viewers.watch(event)
    page.wait_for_selector("#list summary", timeout=300)
    assert page.evaluate(_CONTRAST) == []
    page.screenshot(path=str(tmp_path / "muted.png"), full_page=True)
    page.click("#clear")
    page.wait_for_selector("#before", state="hidden")
    assert page.inner_text("#turn") == ""
    assert page.faults == []
