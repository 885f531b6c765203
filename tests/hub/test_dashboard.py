from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.dashboard.view import ago, utc
from hub.http import Role

EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"
TEXT = b"# Gout\n\nGive naproxen 500 mg twice daily. Check the kidneys first.\n"
HTML = {"Accept": "text/html"}


@pytest.fixture
async def signed_in(hub: Any) -> AsyncIterator[Any]:
    code = hub.rooms.auth.issue_code()
    form = {"code": code, "name": "Dana Okafor", "email": EMAIL, "password": PASSWORD}
    answer = await hub.client.post("/setup", data=form)
    assert answer.status_code == 303, answer.text
    return hub


async def _csrf(hub: Any) -> str:
    page = await hub.client.get("/")
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found is not None
    return found.group(1)


async def test_a_visitor_is_led_to_setup_and_later_to_sign_in(hub: Any) -> None:
    """No page shows anything before somebody has signed in."""
    for path in ("/", "/documents", "/editions", "/audit"):
        assert (await hub.client.get(path)).headers["Location"] == "/setup"
    await hub.sign_in()
    for path in ("/", "/documents", "/editions", "/audit", "/setup"):
        assert (await hub.client.get(path)).headers["Location"] == "/sign-in"


async def test_the_session_cookie_is_out_of_reach(hub: Any) -> None:
    """No script and no other site sees or sends the session."""
    await hub.sign_in()
    answer = await hub.client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-voiceassist=")
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert part in cookie


async def test_every_page_is_there_for_the_administrator(signed_in: Any) -> None:
    """The pages show the clinic, empty as it is."""
    for path, words in {
        "/": "No room is enrolled yet",
        "/documents": "The library is empty",
        "/editions": "Nothing is published yet",
        "/audit": "auth.setup",
    }.items():
        page = await signed_in.client.get(path)
        assert page.status_code == 200
        assert words in page.text
        assert "Dana Okafor" in page.text


async def test_from_upload_to_publication_by_forms(signed_in: Any) -> None:
    """An administrator fills the library and publishes it without the command line."""
    csrf = await _csrf(signed_in)
    files = [("files", ("gout.md", TEXT)), ("files", ("bad.pdf", b"no"))]
    answer = await signed_in.client.post("/documents", data={"csrf": csrf}, files=files)
    assert answer.status_code == 422
    assert "1 taken in" in answer.text
    assert "bad.pdf" in answer.text
    signed_in.index()
    published = await signed_in.client.post("/editions", data={"csrf": csrf})
    assert published.headers["Location"] == "/editions?done=published"
    assert "Edition </small>1" in (await signed_in.client.get("/")).text
    removed = await signed_in.client.post("/documents/gout/remove", data={"csrf": csrf})
    assert removed.status_code == 303
    page = await signed_in.client.get("/editions")
    assert "changes not published" in page.text
    assert signed_in.rooms.documents.count() == 0


async def test_an_empty_library_is_not_published(signed_in: Any) -> None:
    """The page says why, in the place where the button is."""
    answer = await signed_in.client.post("/editions", data={"csrf": await _csrf(signed_in)})
    assert answer.status_code == 409
    assert "nothing is indexed yet" in answer.text


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": "right"}, {"Origin": "https://evil.example"}),
        ({"csrf": "right"}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf": "right"}, {"Sec-Fetch-Site": "same-site"}),
    ],
)
async def test_a_form_from_elsewhere_does_nothing(
    signed_in: Any, form: dict[str, str], headers: dict[str, str]
) -> None:
    """No other site can make an administrator's browser act."""
    if form.get("csrf") == "right":
        form = {"csrf": await _csrf(signed_in)}
    answer = await signed_in.client.post("/sign-out", data=form, headers=headers)
    assert answer.status_code == 403
    assert (await signed_in.client.get("/")).status_code == 200


async def test_signing_in_from_elsewhere_does_nothing(hub: Any) -> None:
    """No other site can sign a browser in as somebody else."""
    await hub.sign_in()
    form = {"email": EMAIL, "password": PASSWORD}
    headers = {"Origin": "https://evil.example"}
    answer = await hub.client.post("/sign-in", data=form, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


async def test_signing_out_ends_the_session(signed_in: Any) -> None:
    """After signing out, the cookie that was kept opens nothing."""
    kept = dict(signed_in.client.cookies)
    await signed_in.client.post("/sign-out", data={"csrf": await _csrf(signed_in)})
    signed_in.client.cookies.update(kept)
    assert (await signed_in.client.get("/")).headers["Location"] == "/sign-in"


async def test_a_wrong_password_keeps_the_address_and_tells_no_more(hub: Any) -> None:
    """The form comes back filled but for the password."""
    await hub.sign_in()
    form = {"email": EMAIL, "password": "not this one at all"}
    answer = await hub.client.post("/sign-in", data=form)
    assert answer.status_code == 401
    assert EMAIL in answer.text
    assert "not this one" not in answer.text


async def test_setup_tells_what_is_wrong(hub: Any) -> None:
    """A short password or a wrong code is told on the page, and nothing is made."""
    code = hub.rooms.auth.issue_code()
    form = {"code": code, "name": "Dana", "email": EMAIL, "password": "short"}
    answer = await hub.client.post("/setup", data=form)
    assert answer.status_code == 422
    assert "12 or more" in answer.text
    answer = await hub.client.post("/setup", data=form | {"email": "none", "password": PASSWORD})
    assert answer.status_code == 422
    answer = await hub.client.post("/setup", data=form | {"code": "A", "password": PASSWORD})
    assert answer.status_code == 401
    assert hub.rooms.auth.needs_setup()


async def test_names_are_shown_not_obeyed(signed_in: Any) -> None:
    """What files and rooms are called can't become part of a page."""
    signed_in.rooms.documents.add("<img src=x onerror=y>.md", b"# Title\n\nSome words.\n", "t")
    page = (await signed_in.client.get("/documents")).text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=y&gt;" in page


async def test_a_browser_gets_an_error_as_a_page(hub: Any) -> None:
    """People see a page, programs the envelope."""
    page = await hub.client.get("/nothing", headers=HTML)
    assert page.status_code == 404
    assert "there is nothing at /nothing" in page.text
    assert "<html" in page.text
    assert (await hub.client.get("/api/v1/nothing", headers=HTML)).json()["success"] is False


async def test_a_broken_trail_is_shown_as_such(signed_in: Any) -> None:
    """An entry that was altered in the database is seen on the first page."""
    with signed_in.rooms.database.write() as session:
        session.connection().exec_driver_sql("UPDATE audit_entries SET actor = 'nobody'")
    page = (await signed_in.client.get("/")).text
    assert "does not hold" in page


async def test_an_alarm_is_seen_on_the_first_page_and_found_in_the_trail(signed_in: Any) -> None:
    """A refusal shows on the overview in plain words, and the trail can be narrowed to alarms."""
    assert "alarm" not in (await signed_in.client.get("/")).text
    empty = await signed_in.client.get("/audit?only=alarms")
    assert "No alarm was ever raised" in empty.text
    signed_in.rooms.audit.alarm(
        outcome="escalation_refused", subject="exam-1", detail={"kinds": ["NAME"]}
    )
    overview = (await signed_in.client.get("/")).text
    assert "1 alarm<" in overview
    assert "refused. Nothing left the building." in overview
    alarms = (await signed_in.client.get("/audit?only=alarms")).text
    assert "escalation_refused" in alarms
    assert "auth.setup" not in alarms
    whole = (await signed_in.client.get("/audit")).text
    assert 'class="status bad">escalation_refused' in whole
    assert "auth.setup" in whole


async def test_old_alarms_leave_the_first_page_and_stay_in_the_trail(signed_in: Any) -> None:
    """After seven days an alarm no longer calls for a look."""
    signed_in.rooms.audit.alarm(outcome="fork", subject="exam-1", detail={})
    desk = signed_in.container.desk._trail
    now_ms = desk._now_ms()
    desk._now_ms = lambda: now_ms + 8 * 24 * 3_600_000
    assert "1 alarm<" not in (await signed_in.client.get("/")).text
    assert "fork" in (await signed_in.client.get("/audit?only=alarms")).text


def test_times_read_as_a_person_says_them() -> None:
    """Times on the pages are short and in UTC."""
    assert utc(1_795_487_913_000) == "24 Nov 2026, 02:38 UTC"
    assert utc(0) == "never"
    assert [ago(1, 1 + s * 1000) for s in (5, 65, 3600, 90_000, 180_000)] == [
        "just now", "1 min ago", "1 h ago", "1 day ago", "2 days ago"
    ]  # fmt: skip


async def test_a_person_sets_their_password_with_a_code_and_is_in(hub: Any) -> None:
    """The code that an administrator handed over opens the account on a page of its own."""
    await hub.sign_in()
    assert "Set your password" in (await hub.client.get("/redeem")).text
    _, code = hub.rooms.accounts.create("sam@clinic.example", "Sam", Role.CLINICIAN)
    form = {"code": code, "email": "sam@clinic.example", "password": "short"}
    answer = await hub.client.post("/redeem", data=form)
    assert answer.status_code == 422
    assert "12 or more" in answer.text
    assert "short" not in answer.text.replace("too_short", "")
    wrong = form | {"password": PASSWORD, "code": "AAAA"}
    assert (await hub.client.post("/redeem", data=wrong)).status_code == 401
    answer = await hub.client.post("/redeem", data=form | {"password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert (await hub.client.get("/")).headers["Location"] == "/talk"
    assert (await hub.client.get("/documents", headers=HTML)).status_code == 403
