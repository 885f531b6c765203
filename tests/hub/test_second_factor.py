from __future__ import annotations

import re
import time
from typing import Any

import pyotp
import pytest
from sqlalchemy import text

from hub.auth import second_factor
from hub.auth.second_factor import Vault, step_of
from voiceassist.errors import Unverified

EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"
API = "/api/v1/auth"


@pytest.fixture
def strict(hub: Any) -> Any:
    """A hub as it is installed: administrators must have a second factor."""
    hub.rooms.auth.factors._rule = "administrators"
    return hub


async def _login(hub: Any, code: str = "") -> Any:
    who = {"email": EMAIL, "password": PASSWORD, "code": code}
    return await hub.client.post(f"{API}/login", json=who)


async def _enrol(hub: Any, headers: dict[str, str]) -> tuple[pyotp.TOTP, list[str]]:
    begun = (await hub.client.post(f"{API}/second-factor", headers=headers)).json()["data"]
    app = pyotp.parse_uri(begun["uri"])
    assert isinstance(app, pyotp.TOTP)
    assert app.secret == begun["secret"]
    code = {"code": app.now()}
    done = await hub.client.post(f"{API}/second-factor/confirm", json=code, headers=headers)
    return app, done.json()["data"]["recovery_codes"]


async def test_an_administrator_does_nothing_before_the_second_factor(
    strict: Any, fail: Any
) -> None:
    """The password alone opens only the set-up; with the code set up, everything."""
    headers = await strict.sign_in()
    for path in ("/users", "/audit", "/documents", "/auth/sessions"):
        error = fail(await strict.client.get(f"/api/v1{path}", headers=headers), 403, "FORBIDDEN")
        assert "second factor" in error["message"]
    assert (await _login(strict)).json()["data"]["enrolling"] is True
    app, codes = await _enrol(strict, headers)
    assert len(set(codes)) == 10
    assert (await strict.client.get("/api/v1/users", headers=headers)).status_code == 200
    assert fail(await _login(strict), 401, "INVALID_CREDENTIALS")["field"] == "code"
    later = app.at(time.time() + 30)
    assert (await _login(strict, later)).json()["data"]["enrolling"] is False


async def test_other_roles_may_have_one_and_need_none(strict: Any) -> None:
    """A clinician signs in by password, or sets up a code of their own accord."""
    await strict.sign_in()
    headers = await strict.sign_in_as("clinician")
    assert (await strict.client.get("/api/v1/users/me", headers=headers)).status_code == 200
    _, codes = await _enrol(strict, headers)
    assert codes


async def test_a_code_is_good_once(strict: Any, fail: Any) -> None:
    """Who looks over a shoulder can't use the same code again, nor an earlier one."""
    app, _ = await _enrol(strict, await strict.sign_in())
    now = time.time()
    fail(await _login(strict, app.at(now)), 401, "INVALID_CREDENTIALS")  # used to confirm
    assert (await _login(strict, app.at(now + 30))).status_code == 200
    fail(await _login(strict, app.at(now + 30)), 401, "INVALID_CREDENTIALS")
    fail(await _login(strict, app.at(now)), 401, "INVALID_CREDENTIALS")


async def test_a_recovery_code_stands_in_once(strict: Any, fail: Any) -> None:
    """A lost phone keeps nobody out, and a used code nobody in."""
    _, codes = await _enrol(strict, await strict.sign_in())
    assert (await _login(strict, codes[3].lower())).status_code == 200
    fail(await _login(strict, codes[3]), 401, "INVALID_CREDENTIALS")
    assert (await _login(strict, codes[4])).status_code == 200


async def test_guessing_codes_ends(strict: Any, fail: Any) -> None:
    """Behind the right password, codes can be tried ten times a minute and thirty an hour."""
    strict.rooms.auth._rates = strict.rooms.auth._rates.model_copy(
        update={"login": "1000/minute", "code": "3/hour"}
    )
    await _enrol(strict, await strict.sign_in())
    for _ in range(3):
        fail(await _login(strict, "000000"), 401, "INVALID_CREDENTIALS")
    fail(await _login(strict, "000000"), 429, "RATE_LIMITED")


async def test_taking_it_off_needs_password_and_code(strict: Any, fail: Any) -> None:
    """A stolen session can't take the second factor off."""
    headers = await strict.sign_in()
    app, codes = await _enrol(strict, headers)
    path = f"{API}/second-factor/remove"
    wrong = {"password": "not this one at all", "code": codes[0]}
    fail(await strict.client.post(path, json=wrong, headers=headers), 401, "INVALID_CREDENTIALS")
    wrong = {"password": PASSWORD, "code": "000000"}
    fail(await strict.client.post(path, json=wrong, headers=headers), 401, "INVALID_CREDENTIALS")
    fail(await strict.client.post(f"{API}/second-factor", headers=headers), 409, "CONFLICT")
    right = {"password": PASSWORD, "code": app.at(time.time() + 30)}
    assert (await strict.client.post(path, json=right, headers=headers)).status_code == 200
    fail(await strict.client.get("/api/v1/users", headers=headers), 403, "FORBIDDEN")


async def test_a_copy_of_the_database_gives_no_codes(strict: Any) -> None:
    """Neither the secret nor a recovery code can be read from the tables."""
    app, codes = await _enrol(strict, await strict.sign_in())
    with strict.rooms.database.read() as session:
        row = str(session.execute(text("SELECT totp, recovery FROM auth_users")).one())
    assert app.secret not in row
    assert not [one for one in codes if one in row or one.replace("-", "") in row]
    with pytest.raises(Unverified, match="another key"):
        Vault(b"other").open(Vault(b"ours").seal("secret"))


async def test_the_pages_lead_to_the_set_up(strict: Any) -> None:
    """In a browser: set up, scan, confirm, keep the codes, go on."""
    code = strict.rooms.auth.issue_code(anew=True)
    form = {"code": code, "name": "Dana", "email": EMAIL, "password": PASSWORD}
    assert (await strict.client.post("/setup", data=form)).status_code == 303
    assert (await strict.client.get("/")).headers["Location"] == "/second-factor"
    page = (await strict.client.get("/second-factor")).text
    assert "<svg" in page
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert csrf
    assert secret
    wrong = {"csrf": csrf.group(1), "code": "000000"}
    page = (await strict.client.post("/second-factor", data=wrong)).text
    assert "wrong code" in page
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert secret
    right = wrong | {"code": pyotp.TOTP(secret.group(1)).now()}
    assert "Keep these codes" in (await strict.client.post("/second-factor", data=right)).text
    assert (await strict.client.get("/")).status_code == 200
    assert (await strict.client.get("/second-factor")).headers["Location"] == "/"


def test_codes_of_a_minute_away_are_refused() -> None:
    """A phone's clock may be half a minute off, each way, and no more (RFC 6238, 5.2)."""
    secret, now = second_factor.new_secret(), 1_800_000_015
    codes = {off: pyotp.TOTP(secret).at(now + off) for off in (-60, -30, 0, 30, 60)}
    found = {off: step_of(secret, code, now) for off, code in codes.items()}
    step = now // 30
    assert found == {-60: None, -30: step - 1, 0: step, 30: step + 1, 60: None}


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238's own example, shortened to six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert step_of(secret, "081804", 1111111109) == 1111111109 // 30
    assert step_of(secret, "287 082", 59) == 1
    assert step_of(secret, "", 59) is None


def test_the_picture_is_whole_at_any_size() -> None:
    """It says how large it is drawn and not how large it is shown, so that no page crops it."""
    qr = second_factor.enrolment(second_factor.new_secret(), "a@b.example", "VoiceAssist demo").qr
    assert re.match(r'<svg [^>]*viewBox="0 0 (\d+) \1"', qr)
    assert not re.match(r"<svg [^>]*(width|height)=", qr)
